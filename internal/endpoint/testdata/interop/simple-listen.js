// Listens with simple-hl7 and prints the port.
const hl7 = require('simple-hl7');
const app = hl7.tcp();
app.use((req, res, next) => next());
app.use((req, res, next) => res.end());
app.use((err, req, res, next) => res.end());
const net = require('net');
const probe = net.createServer().listen(0, '127.0.0.1', () => {
  const port = probe.address().port;
  probe.close(() => { app.start(port); setTimeout(() => console.log('port ' + port), 200); });
});
