import { billionLaughs, externalEntities, type HostileInput } from './hostile-input.ts';

const svg = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
const picture = '<rect width="10" height="10"/>';

/** HTML and Markdown that ask for something elsewhere, or for ever. */
const pages: readonly HostileInput[] = [
  {
    name: 'HTML with every element that loads an address',
    filename: 'a.html',
    outcome: 'either',
    bytes: ({ origin, port }) =>
      Buffer.from(
        `<!doctype html><html manifest="${origin}/manifest"><head><base href="${origin}/">` +
          `<link rel="stylesheet" href="${origin}/css"><link rel="dns-prefetch" href="//localhost">` +
          `<link rel="preconnect" href="${origin}"><link rel="prefetch" href="${origin}/prefetch">` +
          `<style>@import "${origin}/import";body{background:url(${origin}/background)}` +
          `@font-face{font-family:x;src:url(${origin}/font)}p{font-family:x}</style></head>` +
          `<body><p>text</p><img src="${origin}/img" srcset="${origin}/srcset 2x">` +
          `<img src="http://localhost:${port}/name"><img src="http://[::1]:${port}/v6">` +
          `<iframe src="${origin}/frame"></iframe><object data="${origin}/object"></object>` +
          `<embed src="${origin}/embed"><video src="${origin}/video" poster="${origin}/poster">` +
          `</video><audio src="${origin}/audio"></audio><input type="image" src="${origin}/input">` +
          `<svg ${svg}><image href="${origin}/svg"/><use href="${origin}/use#a"/></svg>` +
          `<table background="${origin}/table"><tr><td>x</table></body></html>`,
      ),
  },
  {
    name: 'HTML that shows files of the host',
    filename: 'a.html',
    outcome: 'either',
    bytes: ({ secretPath }) =>
      Buffer.from(
        `<!doctype html><iframe src="file://${secretPath}"></iframe><object data="file://` +
          `${secretPath}"></object><embed src="file:///etc/passwd"><a href="file:///etc/passwd">x` +
          `</a><link rel="stylesheet" href="file://${secretPath}">`,
      ),
  },
  {
    name: 'HTML with scripts that call and that never end',
    filename: 'a.html',
    outcome: 'either',
    bytes: ({ origin, port, secretPath }) =>
      Buffer.from(
        `<!doctype html><body onload="fetch('${origin}/onload')"><script>fetch('${origin}/fetch');` +
          `new WebSocket('ws://127.0.0.1:${port}/ws');navigator.sendBeacon('${origin}/beacon');` +
          `new Image().src='${origin}/image';open('file://${secretPath}');for(;;);</script>text`,
      ),
  },
  {
    name: 'HTML that goes elsewhere by itself',
    filename: 'a.html',
    outcome: 'either',
    bytes: ({ origin }) =>
      Buffer.from(
        `<!doctype html><meta http-equiv="refresh" content="0;url=${origin}/refresh">` +
          `<form id="f" action="${origin}/form" method="post"></form>text`,
      ),
  },
  {
    name: 'HTML of 30,000 nested elements',
    filename: 'a.html',
    outcome: 'either',
    bytes: () => Buffer.from(`<!doctype html>${'<div><b>'.repeat(15_000)}text`),
  },
  {
    name: 'HTML of a page a thousand kilometres high',
    filename: 'a.html',
    outcome: 'either',
    bytes: () => Buffer.from('<!doctype html><div style="height:99999999999px;width:9999999px">x'),
  },
  {
    name: 'Markdown with pictures and links elsewhere, and raw HTML',
    filename: 'a.md',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      Buffer.from(
        `# a\n\n![a](${origin}/md.png) ![b](file://${secretPath}) [c](javascript:alert(1))\n\n` +
          `<img src="${origin}/raw"><script>fetch("${origin}/script")</script>\n\n` +
          `![d](data:text/html;base64,PHNjcmlwdD4=) <iframe src="file://${secretPath}"></iframe>\n`,
      ),
  },
  {
    name: 'Markdown nested 20,000 deep',
    filename: 'a.md',
    outcome: 'either',
    bytes: () => Buffer.from(`${'>'.repeat(20_000)}x\n\n${'['.repeat(20_000)}${'*_'.repeat(9000)}`),
  },
];

const drawings: readonly HostileInput[] = [
  {
    name: 'SVG with pictures, styles and uses elsewhere',
    filename: 'a.svg',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      Buffer.from(
        `<?xml version="1.0"?><?xml-stylesheet href="${origin}/xslt" type="text/xsl"?><svg ${svg} ` +
          `width="20" height="20"><style>@import url(${origin}/style)</style><image width="9" ` +
          `height="9" xlink:href="${origin}/image"/><image width="9" height="9" xlink:href="file://` +
          `${secretPath}"/><use xlink:href="${origin}/use#x"/><filter id="f"><feImage xlink:href=` +
          `"${origin}/filter"/></filter><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" ` +
          `href="file://${secretPath}" parse="text"/><script>fetch("${origin}/script")</script>` +
          `<foreignObject><iframe src="${origin}/foreign"/></foreignObject>${picture}</svg>`,
      ),
  },
  {
    name: 'SVG with external entities',
    filename: 'a.svg',
    bytes: (bait) =>
      Buffer.from(
        `<?xml version="1.0"?>${externalEntities('svg', bait)}<svg ${svg} width="400" height="40">` +
          '<text y="20">&bait;&far;</text></svg>',
      ),
  },
  {
    name: 'SVG with a billion laughs',
    filename: 'a.svg',
    bytes: () =>
      Buffer.from(
        `<?xml version="1.0"?>${billionLaughs('svg')}<svg ${svg} width="9" height="9"><text>&l8;` +
          '</text></svg>',
      ),
  },
  {
    name: 'SVG that uses itself ten billion times',
    filename: 'a.svg',
    outcome: 'either',
    bytes: () => {
      const groups = Array.from({ length: 10 }, (_, level) =>
        level === 0
          ? `<g id="g0">${picture}</g>`
          : `<g id="g${level}">${`<use xlink:href="#g${level - 1}"/>`.repeat(10)}</g>`,
      );
      return Buffer.from(
        `<svg ${svg} width="20" height="20"><defs>${groups.join('')}</defs>` +
          '<use xlink:href="#g9"/></svg>',
      );
    },
  },
  {
    name: 'SVG of a billion pixels',
    filename: 'a.svg',
    outcome: 'either',
    bytes: () => Buffer.from(`<svg ${svg} width="99999" height="99999">${picture}</svg>`),
  },
  {
    name: 'SVG nested 100,000 deep',
    filename: 'a.svg',
    outcome: 'either',
    bytes: () =>
      Buffer.from(
        `<svg ${svg} width="9" height="9">${'<g>'.repeat(100_000)}${'</g>'.repeat(100_000)}</svg>`,
      ),
  },
];

export const markupInputs: readonly HostileInput[] = [...pages, ...drawings];
