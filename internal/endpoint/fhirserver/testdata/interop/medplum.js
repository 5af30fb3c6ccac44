// Drives the server with the client of @medplum/core. Prints one line for each step.
const { MedplumClient } = require('@medplum/core');
const base = new URL(process.argv[2]);
const c = new MedplumClient({ baseUrl: base.origin + '/', fhirUrlPath: base.pathname.slice(1) + '/', fetch, cacheTime: 0 });
const say = (...words) => console.log(words.join(' '));

(async () => {
  const p = await c.createResource({ resourceType: 'Patient', name: [{ family: 'Brook' }] });
  say('create', p.name[0].family);
  say('read', (await c.readResource('Patient', p.id)).id === p.id);
  say('update', (await c.updateResource({ ...p, gender: 'male' })).gender);
  say('patch', (await c.patchResource('Patient', p.id, [{ op: 'add', path: '/active', value: true }])).active);
  say('search', (await c.searchResources('Patient', { name: 'brook' })).length);
  say('history', (await c.readHistory('Patient', p.id)).total);
  const b = await c.executeBatch({ resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: 'Patient?name=brook' } }] });
  say('batch', b.entry[0].resource.total);
  say('validate', (await c.validateResource({ resourceType: 'Patient', gender: 'male' })).resourceType);
  await c.deleteResource('Patient', p.id);
  await c.readResource('Patient', p.id).then(() => say('deleted but there'), (e) => say('deleted', e.outcome.resourceType));
})().catch((e) => { console.error(e); process.exit(1); });
