import type { Picture } from './picture.ts';

const emuPerPixel = 9525;
const widthPixelsMax = 600;

/** A picture within a run, as wide as the text at most. */
export function drawing(picture: Picture, id: string, number: number, description: string): string {
  const scale = Math.min(1, widthPixelsMax / picture.widthPixels) * emuPerPixel;
  const size = `cx="${Math.round(picture.widthPixels * scale)}" cy="${Math.round(picture.heightPixels * scale)}"`;
  const main = 'http://schemas.openxmlformats.org/drawingml/2006';
  return `<w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0" xmlns:wp="${main}/wordprocessingDrawing"><wp:extent ${size}/>
<wp:docPr id="${number}" name="${id}" descr="${description}"/><a:graphic xmlns:a="${main}/main">
<a:graphicData uri="${main}/picture"><pic:pic xmlns:pic="${main}/picture"><pic:nvPicPr>
<pic:cNvPr id="${number}" name="${id}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>
<a:blip r:embed="${id}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>
<a:off x="0" y="0"/><a:ext ${size}/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic>
</a:graphicData></a:graphic></wp:inline></w:drawing>`;
}
