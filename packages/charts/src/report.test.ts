import { describe, expect, it } from 'vitest';
import { htmlReport } from './html-report.ts';
import { pictureGrid } from './picture-grid.ts';
import { pngOfPicture } from './png-of-picture.ts';
import { svgToPng } from './svg-to-png.ts';

const png = await pngOfPicture({ width: 4, height: 2, data: new Uint8Array(24).fill(90) });
const right = {
  png,
  truth: 'glass',
  predictions: [
    { label: 'glass', probability: 0.9 },
    { label: 'metal', probability: 0.1 },
  ],
};
const wrong = { ...right, truth: 'metal' };
const unknown = { png, predictions: right.predictions };
const nasty = '<img src=x onerror="alert(1)">';

describe('htmlReport', () => {
  const page = htmlReport({
    title: `Title ${nasty}`,
    subtitle: `Subtitle ${nasty}`,
    sections: [
      {
        heading: `Results ${nasty}`,
        text: `First ${nasty}\n\nSecond`,
        table: {
          columns: ['Head', `Top-1 ${nasty}`, 'Note'],
          rows: [
            ['GAP', 67.25, nasty],
            ['iSQRT', null, 'x'],
          ],
          caption: nasty,
        },
        image: [
          { png, alt: `Curves ${nasty}`, caption: nasty },
          { png, alt: 'second', scale: 1, wide: true },
        ],
        grid: [right, wrong, { ...unknown, predictions: [{ label: nasty, probability: 0.5 }] }],
      },
    ],
  });

  it('gives a wide image a row to itself, and no other', () => {
    expect(page.match(/<figure class="wide"><img [^>]*alt="second"/g)).toHaveLength(1);
    expect(page.match(/class="wide"/g)).toHaveLength(1);
    expect(page).toContain('.figures .wide { grid-column: 1 / -1; }');
  });

  it('asks nothing of the network', () => {
    expect(page).toContain(`default-src 'none'; img-src data:`);
    expect(page).not.toMatch(/(src|href)="(?!data:image\/png;base64,)/);
    expect(page).not.toMatch(/url\(|@import|<script|<link/);
  });

  it('escapes every text', () => {
    expect(page).not.toContain('<img src=x');
    expect(page.match(/&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;/g)!.length).toBeGreaterThanOrEqual(12);
  });

  it('has a text for every picture', () => {
    const images = page.match(/<img [^>]*>/g)!;
    expect(images).toHaveLength(5);
    for (const image of images) expect(image).toMatch(/ alt="[^"]+"/);
    expect(page).toContain('alt="glass, recognised"');
    expect(page).toContain('alt="metal, mistaken for glass"');
  });

  it('keeps room for images before they are decoded', () => {
    expect(page).toContain('width="2" height="1" alt="Curves');
    expect(page).toContain('width="4" height="2" alt="second"');
  });

  it('sets numbers to the right, and only them', () => {
    expect(page).toContain('<td class="number">67.3</td>');
    expect(page).toContain('<td class="number">–</td>');
    expect(page).toContain('<td>x</td>');
  });

  it.each(['71.0 ± 0.4', '1,234', '4.2 ms', '< 1', '98%', '−3', '12.5M', '-'])('takes %s for a number', (value) => {
    const table = {
      columns: ['a', 'b'],
      rows: [
        ['x', value],
        ['y', 1],
      ],
    };
    expect(htmlReport({ title: 'T', sections: [{ heading: 'H', table }] })).toContain(
      `<th scope="col" class="number">b</th>`,
    );
  });

  it('splits text into paragraphs', () => {
    expect(page).toContain('<p>Second</p>');
  });

  it('marks a wrong picture by a sign and a word', () => {
    expect(page.match(/✗/g)).toHaveLength(1);
    expect(page.match(/<small>wrong<\/small>/g)).toHaveLength(1);
    expect(page.match(/✓/g)).toHaveLength(1);
  });

  it.each([
    ['no section', { title: 'T', sections: [] }, /at least one section/],
    [
      'a ragged table',
      { title: 'T', sections: [{ heading: 'H', table: { columns: ['a'], rows: [['x', 1]] } }] },
      /'H' needs 1 cells, got 2 in row 0/,
    ],
    [
      'an image that is no PNG',
      { title: 'T', sections: [{ heading: 'H', image: { png: new Uint8Array(40), alt: '' } }] },
      /a PNG file is required/,
    ],
    [
      'a probability above 1',
      { title: 'T', sections: [{ heading: 'H', grid: [{ png, predictions: [{ label: 'a', probability: 1.5 }] }] }] },
      /in 0…1, got 1.5 for 'a' in picture 0/,
    ],
  ])('rejects %s', (_, options, message) => {
    expect(() => htmlReport(options)).toThrow(message);
  });
});

describe('pictureGrid', () => {
  it('tells wrong from right without colours', () => {
    const svg = pictureGrid({ title: 'T', pictures: [right, wrong, unknown] });
    expect(svg.match(/✓/g)).toHaveLength(1);
    expect(svg.match(/✗/g)).toHaveLength(1);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  });

  it('draws bars as long as the probabilities', () => {
    const svg = pictureGrid({ title: 'T', pictures: [{ png, predictions: [{ label: 'a', probability: 0.25 }] }] });
    expect(svg).toContain('width="36.0" height="3"');
  });

  it('is well-formed with any text', async () => {
    const predictions = [{ label: `${nasty}\u0000`, probability: 0.001 }];
    const svg = pictureGrid({ title: nasty, pictures: [{ png, truth: nasty, predictions }] });
    expect((await svgToPng(svg)).length).toBeGreaterThan(100);
  });

  it.each([
    ['no picture', { title: 'T', pictures: [] }, /at least one picture/],
    ['a picture without predictions', { title: 'T', pictures: [{ png, predictions: [] }] }, /got none for picture 0/],
    ['no columns', { title: 'T', pictures: [right], columns: 0 }, /positive whole number, got 0/],
  ])('rejects %s', (_, options, message) => {
    expect(() => pictureGrid(options)).toThrow(message);
  });
});
