// The shop's front page: asks catalog, reviews and checkout by name and puts their answers together.
//
// Node's standard library only. Node before 24 does not look at http_proxy by itself, so the few lines of `get` do: the
// request goes to the proxy with the whole URL in its first line, which is all that http_proxy means (RFC 9112 §3.2.2).
'use strict';
const http = require('node:http');

const proxy = process.env.http_proxy ? new URL(process.env.http_proxy) : null;
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

function get(address) {
  const url = new URL(address);
  const via = proxy ?? url;
  const options = {
    host: via.hostname, port: via.port || 80, agent, timeout: 5000,
    path: proxy ? url.href : url.pathname + url.search,
    headers: { host: url.host },
  };
  return new Promise((resolve, reject) => {
    const failed = (why) => reject(new Error(`${url.hostname}: ${why}`));
    const request = http.get(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => { body += piece; });
      response.on('error', (error) => failed(error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) {
          const why = response.headers['proxy-status'] ?? body.slice(0, 200);
          return failed(`${response.statusCode} ${why}`);
        }
        try { resolve(JSON.parse(body)); } catch (error) { failed(error.message); }
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 5 s')));
    request.on('error', (error) => failed(error.message));
  });
}

async function page(id) {
  const [item, review, quote] = await Promise.all([
    get(`http://catalog/items/${id}`), get(`http://reviews/reviews/${id}`), get(`http://checkout/quote/${id}`),
  ]);
  return { item, review, quote };
}

function html({ item, review, quote }) {
  const money = (cents) => (cents / 100).toFixed(2);
  const stars = review.stars === undefined ? '' : '★'.repeat(review.stars);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>The tulle shop</title>
<h1>${item.name}</h1>
<p>${money(item.cents)}, with tax and shipping ${money(quote.total)}. Looked at ${item.views ?? 'some'} times.</p>
<p>“${review.words}” ${stars} (reviews ${review.version})</p>
</html>\n`;
}

const server = http.createServer(async (request, response) => {
  const found = /^\/(?:items\/(\d+))?(\.json)?$/.exec(request.url);
  const send = (status, type, body) => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };
  if (!found) return send(404, 'text/plain; charset=utf-8', `there is no ${request.url}\n`);
  try {
    const parts = await page(found[1] ?? '1');
    if (found[2]) send(200, 'application/json', JSON.stringify(parts) + '\n');
    else send(200, 'text/html; charset=utf-8', html(parts));
  } catch (error) {
    send(502, 'text/plain; charset=utf-8', `${error.message}\n`);
  }
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), '127.0.0.1');
