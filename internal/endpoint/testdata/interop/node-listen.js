// Listens with node-hl7-server and prints the port.
const { Server } = require('node-hl7-server');
const net = require('net');
const probe = net.createServer().listen(0, '127.0.0.1', () => {
  const port = probe.address().port;
  probe.close(() => {
    const server = new Server({ bindAddress: '127.0.0.1' });
    const inbound = server.createInbound({ port }, async (req, res) => { await res.sendResponse('AA'); });
    inbound.on('listen', () => console.log('port ' + port));
  });
});
