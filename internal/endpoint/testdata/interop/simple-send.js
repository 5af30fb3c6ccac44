// Sends messages with simple-hl7 and prints one line an acknowledgement: MSA-1 and MSA-2.
const hl7 = require('simple-hl7');
const [port, count] = process.argv.slice(2).map(Number);
const client = hl7.Server.createTcpClient('127.0.0.1', port);
const next = (i) => {
  if (i === count) { client.close(); return; }
  const msg = new hl7.Message('EHR', 'LAKE', 'TRESTLE', 'RIVER', '20260302101400', '', ['ADT', 'A04'], 'S' + i, 'P', '2.5');
  msg.addSegment('PID', '', '', ['88121', '', '', 'LAKE', 'MR'], '', ['DOE', 'JANE']);
  client.send(msg, (err, ack) => {
    if (err) { console.log('error ' + err.message); process.exit(1); }
    const msa = ack.getSegment('MSA');
    console.log(msa.getField(1) + ' ' + msa.getField(2));
    setImmediate(next, i + 1); // it takes the next message only when this function has returned
  });
};
next(0);
