// Launches itself as a SMART app with fhirclient: as an EHR does and standalone, for a public and a confidential client. Prints one
// line for each step. The part of the browser is played by fetch, which follows each redirection by hand.
const http = require('node:http');
const smart = require('fhirclient');
const [base] = process.argv.slice(2);
const say = (...words) => console.log(words.join(' '));
const storage = { data: {}, async get(k) { return this.data[k]; }, async set(k, v) { this.data[k] = v; return v; }, async unset(k) { return delete this.data[k]; } };

const app = http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://' + req.headers.host);
  try {
    if (url.pathname === '/launch') {
      const confidential = url.searchParams.get('confidential');
      await smart(req, res, storage).authorize({
        clientId: confidential ? 'web' : 'app', clientSecret: confidential ? 's3cret' : undefined, redirectUri: '/app', pkceMode: 'required',
        scope: (url.searchParams.get('launch') ? 'launch ' : 'launch/patient ') + 'openid fhirUser offline_access patient/*.rs user/Practitioner.rs',
        iss: url.searchParams.get('iss') || base });
      return;
    }
    const client = await smart(req, res, storage).ready();
    const patient = await client.patient.read();
    say('patient', client.patient.id, patient.resourceType, patient.name[0].family);
    say('encounter', client.encounter.id);
    say('user', client.user.resourceType, client.user.fhirUser, (await client.user.read()).name[0].family);
    const all = await client.request('Observation?patient=' + client.patient.id + '&_count=2', { pageLimit: 0, flat: true });
    say('observations', all.length > 2, all.every((o) => o.subject.reference === 'Patient/' + client.patient.id));
    const resolved = await client.request('Observation/' + all[0].id, { resolveReferences: ['subject', 'encounter'] });
    say('references', resolved.subject.resourceType, resolved.encounter.resourceType);
    const others = await client.patient.request('Condition');
    say('conditions', others.total);
    await client.request('Patient/patient-2').then(() => say('another patient was not refused'), (e) => say('another patient', e.statusCode || e.status));
    const before = client.state.tokenResponse.access_token;
    await client.refresh();
    say('refresh', client.state.tokenResponse.access_token !== before, (await client.patient.read()).id);
    await client.create({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/' + client.patient.id } })
      .then(() => say('a write was not refused'), (e) => say('write', e.statusCode || e.status));
    res.end('done');
  } catch (e) {
    say('error', e.message);
    res.end('failed');
  }
});

app.listen(0, '127.0.0.1', async () => {
  const own = 'http://127.0.0.1:' + app.address().port;
  const browse = async (address) => {
    for (let n = 0; n < 10; n++) {
      const p = await fetch(address, { redirect: 'manual' });
      if (p.status !== 302) return p.text();
      address = new URL(p.headers.get('location'), address).href;
    }
    throw new Error('it goes round in a circle');
  };
  say('ehr', await browse(base + '/auth/launcher?patient=patient-3&encounter=visit-patient-3-1&user=Practitioner/doctor-2&app=' + encodeURIComponent(own + '/launch')));
  say('standalone', await browse(own + '/launch'));
  say('confidential', await browse(own + '/launch?confidential=1'));
  app.close();
});
