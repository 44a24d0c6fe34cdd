// A server on Node's own http module, and a call through the mesh: /call?url=… asks the URL with Node's http client.
const http = require('http');
const [port, name] = process.argv.slice(2);
const proxy = process.env.http_proxy ? new URL(process.env.http_proxy) : null;

http.createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname !== '/call') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, language: 'node', path: request.url, headers: request.headers }));
    return;
  }
  const target = new URL(url.searchParams.get('url'));
  http.get({ host: proxy.hostname, port: proxy.port, path: target.href, headers: { host: target.host } }, (answer) => {
    response.writeHead(answer.statusCode, { 'content-type': 'application/json' });
    answer.pipe(response);
  }).on('error', (error) => { response.writeHead(500); response.end(String(error)); });
}).listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
