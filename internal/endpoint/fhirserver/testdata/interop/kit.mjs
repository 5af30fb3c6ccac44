// Drives the server with fhir-kit-client: every interaction that it has. Prints one line for each step.
import { Client } from 'fhir-kit-client';
const c = new Client({ baseUrl: process.argv[2] });
const say = (...words) => console.log(words.join(' '));
const refused = async (name, f) => {
  try { await f(); say(name, 'was not refused'); } catch (e) { say(name, e.response.status, e.response.data.resourceType); }
};

(async () => {
  const s = await c.capabilityStatement();
  say('metadata', s.resourceType, s.fhirVersion);
  const p = await c.create({ resourceType: 'Patient', body: { resourceType: 'Patient', name: [{ family: 'Moss' }], birthDate: '1980-05-02' } });
  say('create', p.name[0].family, p.meta.versionId);
  p.active = true;
  const u = await c.update({ resourceType: 'Patient', id: p.id, body: p });
  say('update', u.active, u.meta.versionId);
  const q = await c.patch({ resourceType: 'Patient', id: p.id, jsonPatch: [{ op: 'replace', path: '/active', value: false }] });
  say('patch', q.active, q.meta.versionId);
  say('vread', (await c.vread({ resourceType: 'Patient', id: p.id, version: '1' })).active);
  say('history', (await c.history({ resourceType: 'Patient', id: p.id })).total);
  const t = await c.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: [1, 2, 3].map((i) => ({
    resource: { resourceType: 'Observation', status: 'final', code: { text: 'x' + i }, subject: { reference: 'Patient/' + p.id } },
    request: { method: 'POST', url: 'Observation' } })) } });
  say('transaction', t.entry.map((e) => e.response.status).join(', '));
  let page = await c.search({ resourceType: 'Observation', searchParams: { subject: 'Patient/' + p.id, _count: 2, _include: 'Observation:subject' } });
  let found = 0, pages = 0;
  while (page) {
    pages += 1;
    found += page.entry.filter((e) => e.search.mode === 'match').length;
    page = await c.nextPage({ bundle: page });
  }
  say('search', found, 'in', pages, 'pages');
  say('resolve', (await c.resolve({ reference: 'Patient/' + p.id })).id === p.id);
  say('compartment', (await c.compartmentSearch({ resourceType: 'Observation', compartment: { resourceType: 'Patient', id: p.id } })).total);
  say('operation', (await c.operation({ name: 'everything', resourceType: 'Patient', id: p.id, method: 'GET' })).total);
  say('batch', (await c.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: 'Patient/' + p.id } }] } })).entry[0].resource.id === p.id);
  await refused('invalid', () => c.create({ resourceType: 'Patient', body: { resourceType: 'Patient', gender: 'blue' } }));
  await refused('unknown', () => c.read({ resourceType: 'Patient', id: 'nobody' }));
  await c.delete({ resourceType: 'Patient', id: p.id });
  await refused('deleted', () => c.read({ resourceType: 'Patient', id: p.id }));
})().catch((e) => { console.error(e.message, e.response && JSON.stringify(e.response.data)); process.exit(1); });
