import { fileURLToPath } from 'node:url';
import { CovpoolError } from '@covpool/base';

/** Letters that the shipped font does not draw; only for them are the machine's fonts read, which takes time. */
const otherScripts = /(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{L}|\p{Extended_Pictographic}/u;

/**
 * Draws an SVG as a PNG file, `scale` pixels per unit. Text is drawn in a font that ships with the package, so it appears also on
 * machines without any, and looks the same on all of them; scripts beyond Latin, Greek and Cyrillic need a font of the machine.
 *
 * @throws `bad-input` if the SVG cannot be parsed.
 */
export async function svgToPng(svg: string, { scale = 2 }: { scale?: number } = {}): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = (name: string): string => fileURLToPath(new URL(`../fonts/${name}.ttf`, import.meta.url));
  try {
    const drawing = new Resvg(svg, {
      fitTo: { mode: 'zoom', value: scale },
      font: {
        fontFiles: [font('inter-regular'), font('inter-semibold')],
        loadSystemFonts: otherScripts.test(svg),
        defaultFontFamily: 'Inter',
        sansSerifFamily: 'Inter',
      },
    });
    return new Uint8Array(drawing.render().asPng());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CovpoolError('bad-input', `svgToPng: a well-formed SVG is required, got one that fails: ${reason}`, {
      cause,
    });
  }
}
