// The toy API's /fast in Express, without what it would add to the same answer (ETag, X-Powered-By).
import express from 'express';

const app = express();
app.disable('etag');
app.disable('x-powered-by');

const body = Buffer.from('{"ok":true,"route":"/fast"}\n');

app.get('/fast', (req, res) => {
  res.type('json').send(body);
});

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
