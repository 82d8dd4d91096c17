// evaluateCoco beside pycocotools on random objects and detections, in the size of COCO val (5,000 pictures, 36,000 objects in 80
// categories, 500,000 detections) or a share of it; with a Python that has pycocotools, both run one after the other and must agree:
//   node --conditions=@covpool/source --import tsx bench/coco-eval.bench.ts [bbox|segm] [share] [python]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../packages/base/src/index.ts';
import { rle } from '../packages/masks/src/index.ts';
import { evaluateCoco, type CocoDetection, type CocoGroundTruth } from '../packages/metrics/src/index.ts';

type Box = [x: number, y: number, width: number, height: number];
const [iouType = 'bbox', share = '1', python] = process.argv.slice(2) as ['bbox' | 'segm', string, string?];
const [PICTURES, OBJECTS, DETECTIONS] = [5000, 36_000, 500_000].map((count) => Math.round(count * Number(share))) as [
  number,
  number,
  number,
];
const [WIDTH, HEIGHT] = [640, 480];
const random = new Random(8, 'coco-eval');

/** As in COCO, some categories are far more frequent than others. */
const category = (): number => 1 + Math.floor(80 * random.uniform() ** 3);

function drawBox(): Box {
  const size = random.uniform(2, 19) ** 2;
  const [width, height] = [size * random.uniform(0.5, 1), size * random.uniform(0.5, 1)];
  return [random.uniform(0, WIDTH - width), random.uniform(0, HEIGHT - height), width, height];
}

/** A polygon of 24 corners, about as many as COCO's annotators draw. */
function outline([x, y, width, height]: Box): number[] {
  return Array.from({ length: 24 }, (_, i) => [
    x + (width / 2) * (1 + random.uniform(0.8, 1) * Math.cos((i * Math.PI) / 12)),
    y + (height / 2) * (1 + random.uniform(0.8, 1) * Math.sin((i * Math.PI) / 12)),
  ]).flat();
}

function groundTruth(): CocoGroundTruth {
  return {
    images: Array.from({ length: PICTURES }, (_, i) => ({ id: 3 * i + 1, width: WIDTH, height: HEIGHT })),
    categories: Array.from({ length: 80 }, (_, i) => ({ id: i + 1, name: `category ${i + 1}` })),
    annotations: Array.from({ length: OBJECTS }, (_, i) => {
      const bbox = drawBox();
      const segmentation = iouType === 'segm' ? [outline(bbox)] : [];
      const iscrowd = random.uniform() < 0.01 ? 1 : 0;
      return {
        id: i + 1,
        image_id: 3 * random.integer(PICTURES) + 1,
        category_id: category(),
        bbox,
        area: bbox[2] * bbox[3] * 0.7,
        iscrowd,
        segmentation,
      };
    }),
  };
}

/** A third near an object, the rest anywhere; scores with three decimals, so that many are equal. */
function results({ annotations }: CocoGroundTruth): CocoDetection[] {
  return Array.from({ length: DETECTIONS }, () => {
    const near = random.uniform() < 1 / 3 ? annotations[random.integer(annotations.length)] : undefined;
    const bbox = near ? (near.bbox!.map((side) => Math.max(1, side + 4 * random.normal())) as Box) : drawBox();
    const score = Math.round(1000 * random.uniform() ** (near ? 1 : 3)) / 1000;
    const of = {
      image_id: near?.image_id ?? 3 * random.integer(PICTURES) + 1,
      category_id: near?.category_id ?? category(),
    };
    if (iouType === 'bbox') return { ...of, score, bbox };
    return { ...of, score, segmentation: rle.toCompressed(rle.fromPolygons([outline(bbox)], HEIGHT, WIDTH)) };
  });
}

const folder = mkdtempSync(join(tmpdir(), 'covpool-coco-'));
try {
  const truth = groundTruth();
  writeFileSync(join(folder, 'truth.json'), JSON.stringify(truth));
  writeFileSync(join(folder, 'results.json'), JSON.stringify(results(truth)));
  const [read, found] = ['truth', 'results'].map((name) =>
    JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')),
  );
  const start = performance.now();
  const { stats } = evaluateCoco(read as CocoGroundTruth, found as CocoDetection[], { iouType });
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${iouType}: ${PICTURES} pictures, ${OBJECTS} objects, ${DETECTIONS} detections: AP ${stats.AP.toFixed(4)}`,
  );
  console.log(`evaluateCoco ${seconds.toFixed(2)} s`);
  if (python) {
    const script = fileURLToPath(new URL('coco-eval-peer.py', import.meta.url));
    const output = execFileSync(python, [script, folder, iouType], { encoding: 'utf8' });
    const peer = JSON.parse(output) as { seconds: number; stats: number[] };
    const apart = Math.max(...Object.values(stats).map((value, i) => Math.abs(value - peer.stats[i]!)));
    console.log(`pycocotools  ${peer.seconds.toFixed(2)} s: ${(peer.seconds / seconds).toFixed(1)} times as long`);
    console.log(`the twelve numbers are within ${apart.toExponential(1)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
