// Sends messages with node-hl7-client and prints one line an acknowledgement: MSA-1 and MSA-2.
const { Client, Message } = require('node-hl7-client');
const [port, count] = process.argv.slice(2).map(Number);
let sent = 0;
const send = () => connection.sendMessage(new Message({
  text: 'MSH|^~\\&|EHR|LAKE|TRESTLE|RIVER|20260302101400||ADT^A04^ADT_A01|N' + sent++ + '|P|2.5\rEVN||20260302101400\rPID|1||88121^^^LAKE^MR||DOE^JANE',
}));
const client = new Client({ host: '127.0.0.1' });
const connection = client.createConnection({ port }, async (res) => {
  const msg = res.getMessage();
  console.log(msg.get('MSA.1').toString() + ' ' + msg.get('MSA.2').toString());
  if (sent === count) { await connection.close(); process.exit(0); }
  setImmediate(send);
});
connection.on('client.error', (e) => { console.log('error ' + e.message); process.exit(1); });
connection.on('connect', send);
