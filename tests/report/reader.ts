import { getDocument, OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';

export interface ReadPdf {
  document: PDFDocumentProxy;
  /** Text of each page; hard spaces as plain ones. */
  pages: string[];
  /** Roles of the structure tree in order, and what stands for its figures. */
  roles: string[];
  figures: string[];
  /** How often a raster image is drawn. */
  images: number;
  /** Text that starts or ends outside of the page's body. */
  outside: string[];
}

interface Node {
  role?: string;
  alt?: string;
  children?: Node[];
}

/** Reads a PDF with pdf.js. */
export async function open(pdf: Uint8Array): Promise<ReadPdf> {
  const document = await getDocument({ data: Uint8Array.from(pdf), verbosity: 0 }).promise;
  const read: ReadPdf = { document, pages: [], roles: [], figures: [], images: 0, outside: [] };
  for (let n = 1; n <= document.numPages; n++) {
    const page = await document.getPage(n);
    const { items } = await page.getTextContent();
    let text = '';
    for (const item of items) {
      if (!('str' in item)) continue;
      const [left, bottom] = [item.transform[4] as number, item.transform[5] as number];
      if (item.str.trim() && (left < 53 || left + item.width > 543 || bottom < 24 || bottom > 800)) read.outside.push(item.str);
      text += item.str + (item.hasEOL ? ' ' : '');
    }
    read.pages.push(text.replaceAll('\u00a0', ' ').replaceAll(/ +/g, ' '));
    visit((await page.getStructTree()) as Node | null, read);
    const { fnArray } = await page.getOperatorList();
    read.images += fnArray.filter((op) => op === OPS.paintImageXObject || op === OPS.paintInlineImageXObject).length;
  }
  return read;
}

function visit(node: Node | null, read: ReadPdf): void {
  if (!node) return;
  if (node.role) read.roles.push(node.role);
  if (node.role === 'Figure') read.figures.push(node.alt ?? '');
  for (const child of node.children ?? []) visit(child, read);
}
