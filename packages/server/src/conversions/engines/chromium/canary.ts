import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** For tests: a port on loopback, TCP and UDP, that counts who comes. */
export interface Canary {
  readonly port: number;
  visits(): number;
  close(): Promise<void>;
}

/** Answers every connection with an empty page. */
export async function openCanary(): Promise<Canary> {
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.on('error', () => {});
    const reply = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';
    socket.end(reply, () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const udp = createSocket('udp4', () => (visits += 1));
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    port,
    visits: () => visits,
    close: async () => {
      udp.close();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A page that asks for everything a page can ask for, with and without scripts. */
export function prying(port: number): string {
  const at = `http://127.0.0.1:${port}`;
  const file = 'file:///etc/passwd';
  return `<!DOCTYPE html><html manifest="${at}/manifest"><head><title>prying</title>
<link rel="dns-prefetch" href="//127.0.0.1:${port}"><link rel="preconnect" href="${at}">
<link rel="prefetch" href="${at}/prefetch"><link rel="preload" as="image" href="${at}/preload">
<link rel="modulepreload" href="${at}/module.js"><link rel="stylesheet" href="${at}/style.css">
<link rel="icon" href="${at}/icon.png"><link rel="prerender" href="${at}/prerender">
<meta http-equiv="refresh" content="1;url=${at}/refresh">
<script type="speculationrules">{"prefetch":[{"source":"list","urls":["${at}/s"]}]}</script>
<style>@import url("${at}/import.css"); @import "${file}";
@font-face { font-family: x; src: url("${at}/font.woff2"), url("${file}"); }
body { font-family: x; background: url("${at}/background.png"); cursor: url("${at}/c.cur"), auto }
p::before { content: url("${at}/content.png"); } li { list-style: url("${at}/list.png"); }
div { width: 9px; height: 9px; mask: url("${at}/mask.svg#m"); filter: url("${at}/filter.svg#f"); }
</style></head><body><p>text</p><ul><li>item</ul><div></div>
<img src="${at}/img.png" srcset="${at}/img2.png 2x"><img src="${file}"><img src="//127.0.0.1:${port}/">
<picture><source srcset="${at}/source.webp"><img src="${at}/p.png"></picture>
<iframe src="${at}/frame"></iframe><iframe src="${file}"></iframe><iframe src="file:///"></iframe>
<iframe srcdoc='<img src="${at}/srcdoc.png"><iframe src="${file}"></iframe>'></iframe>
<iframe src="data:text/html,<img src='${at}/data.png'><iframe src='${file}'></iframe>"></iframe>
<object data="${at}/object"></object><object data="${file}"></object><embed src="${file}">
<video src="${at}/v.mp4" poster="${at}/poster.png" autoplay></video><audio src="${at}/a.mp3" autoplay>
</audio><svg xmlns:xlink="http://www.w3.org/1999/xlink"><image href="${at}/svg.png"/>
<use href="${at}/use.svg#a"/><image xlink:href="${file}"/><foreignObject><img src="${at}/f.png">
</foreignObject></svg><form action="${at}/form"><input type="image" src="${at}/input.png"></form>
<table background="${at}/table.png"><tr><td>cell</table><a href="${at}/a" ping="${at}/ping">link</a>
<script src="${at}/script.js"></script><script>
const at = '${at}';
const attempt = (run) => { try { const made = run(); made?.catch?.(() => {}); } catch {} };
attempt(() => fetch(at + '/fetch', { mode: 'no-cors', keepalive: true }));
attempt(() => fetch('${file}').then((r) => r.text()).then((t) => document.body.append(t)));
attempt(() => { const x = new XMLHttpRequest(); x.open('GET', at + '/xhr'); x.send(); });
attempt(() => new WebSocket('ws://127.0.0.1:${port}/ws'));
attempt(() => new EventSource(at + '/events'));
attempt(() => navigator.sendBeacon(at + '/beacon', 'x'));
attempt(() => { new Image().src = at + '/image'; });
attempt(() => import(at + '/import.js'));
attempt(() => new Worker(URL.createObjectURL(new Blob(
  ['fetch("' + at + '/worker");importScripts("' + at + '/scripts");new WebSocket("ws://127.0.0.1:${port}")'],
))));
attempt(() => navigator.serviceWorker.register(at + '/sw.js'));
attempt(() => open(at + '/open'));
attempt(() => new WebTransport('https://127.0.0.1:${port}/'));
attempt(() => {
  const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:${port}' },
    { urls: 'turn:127.0.0.1:${port}?transport=tcp', username: 'a', credential: 'b' }] });
  peer.createDataChannel('x');
  return peer.createOffer().then((offer) => peer.setLocalDescription(offer));
});
attempt(() => { const f = document.createElement('form'); f.action = at + '/post';
  f.method = 'post'; f.target = '_blank'; document.body.append(f); f.submit(); });
setTimeout(() => attempt(() => { location.href = at + '/location'; }), 300);
</script></body></html>`;
}
