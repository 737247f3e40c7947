import Pdf from 'pdfkit';

export interface Column {
  readonly title: string;
  /** Share of the width; all of them are 1. */
  readonly share: number;
  readonly align?: 'left' | 'right';
}

const margin = 48;
const width = 595.28 - 2 * margin;
const pageEnd = 841.89 - margin - 24;
const ink = '#1a1a1a';
const faint = '#6b6b6b';
const rule = '#d0d0d0';

/**
 * A document of headings, facts and tables on A4, page after page: a table that goes over the page's
 * end has its head again on the next one. Fonts are the PDF's own, so a character that Latin-1 does not
 * have becomes a question mark.
 */
export class Sheet {
  readonly #pdf: PDFKit.PDFDocument;
  readonly #banner: string | null;
  #y = margin;

  constructor(options: { title: string; createdAt: Date; banner: string | null }) {
    this.#banner = options.banner;
    this.#pdf = new Pdf({
      size: 'A4',
      margin,
      bufferPages: true,
      autoFirstPage: false,
      info: { Title: plain(options.title), CreationDate: options.createdAt, Producer: 'Mutate' },
    });
    this.#addPage();
  }

  heading(text: string): void {
    this.#room(48);
    this.#y += 14;
    this.#text(text, margin, width, { size: 13, bold: true });
    this.#y += 20;
  }

  title(text: string): void {
    this.#text(text, margin, width, { size: 20, bold: true });
    this.#y += 30;
  }

  /** Label and value, one below the other. */
  facts(facts: readonly (readonly [label: string, value: string])[]): void {
    for (const [label, value] of facts) {
      const height = this.#heightOf(value, width - 130, 9.5);
      this.#room(height + 4);
      this.#text(label, margin, 125, { size: 9.5, color: faint });
      this.#text(value, margin + 130, width - 130, { size: 9.5 });
      this.#y += height + 4;
    }
  }

  note(text: string): void {
    const height = this.#heightOf(text, width, 9);
    this.#room(height + 6);
    this.#text(text, margin, width, { size: 9, color: faint });
    this.#y += height + 6;
  }

  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    this.#room(40);
    this.#head(columns);
    for (const row of rows) {
      const cells = columns.map((column, index) => ({ column, text: row[index] ?? '' }));
      const heights = cells.map(({ column, text }) => this.#heightOf(text, widthOf(column), 9));
      const height = Math.max(...heights) + 6;
      if (this.#y + height > pageEnd) {
        this.#addPage();
        this.#head(columns);
      }
      this.#row(cells, { size: 9 });
      this.#y += height;
      this.#line();
    }
    this.#y += 6;
  }

  /** The whole as bytes, its pages numbered. */
  async finish(footer: string): Promise<Buffer> {
    const { count } = this.#pdf.bufferedPageRange();
    for (let index = 0; index < count; index += 1) {
      this.#pdf.switchToPage(index);
      // Below the margin text would begin a page of its own.
      this.#pdf.page.margins.bottom = 0;
      this.#y = 841.89 - margin + 8;
      this.#text(footer, margin, width * 0.75, { size: 8, color: faint });
      const page = `Page ${index + 1} of ${count}`;
      this.#text(page, margin, width, { size: 8, color: faint, align: 'right' });
    }
    const chunks: Buffer[] = [];
    this.#pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise<void>((resolve, reject) => {
      this.#pdf.on('end', resolve).on('error', reject);
    });
    this.#pdf.end();
    await ended;
    return Buffer.concat(chunks);
  }

  #addPage(): void {
    this.#pdf.addPage();
    this.#y = margin;
    if (this.#banner === null) return;
    this.#pdf.rect(margin, this.#y, width, 22).fill('#fff1c9');
    this.#y += 7;
    this.#text(this.#banner, margin, width, { size: 9, bold: true, align: 'center' });
    this.#y += 30;
  }

  #head(columns: readonly Column[]): void {
    const cells = columns.map((column) => ({ column, text: column.title }));
    this.#row(cells, { size: 8, color: faint });
    this.#y += 14;
    this.#line();
  }

  #row(cells: readonly { column: Column; text: string }[], style: Style): void {
    let x = margin;
    for (const { column, text } of cells) {
      this.#text(text, x, widthOf(column), { ...style, align: column.align ?? 'left' });
      x += width * column.share;
    }
  }

  #line(): void {
    this.#pdf
      .moveTo(margin, this.#y - 2)
      .lineTo(margin + width, this.#y - 2)
      .lineWidth(0.5)
      .stroke(rule);
    this.#y += 2;
  }

  #room(height: number): void {
    if (this.#y + height > pageEnd) this.#addPage();
  }

  #heightOf(text: string, available: number, size: number): number {
    return this.#pdf.font('Helvetica').fontSize(size).heightOfString(plain(text), {
      width: available,
    });
  }

  #text(text: string, x: number, available: number, style: Style): void {
    this.#pdf
      .font(style.bold === true ? 'Helvetica-Bold' : 'Helvetica')
      .fontSize(style.size)
      .fillColor(style.color ?? ink)
      .text(plain(text), x, this.#y, { width: available, align: style.align ?? 'left' });
  }
}

interface Style {
  readonly size: number;
  readonly bold?: boolean;
  readonly color?: string;
  readonly align?: 'left' | 'right' | 'center';
}

/** Columns do not touch. */
function widthOf(column: Column): number {
  return width * column.share - 8;
}

/** What the PDF's own fonts can show: Latin-1 without control characters. */
function plain(text: string): string {
  return text
    .replaceAll('−', '-')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replaceAll(/[^\u0020-\u007e\u00a0-\u00ff€–—‘’“”•…]/gu, '?');
}
