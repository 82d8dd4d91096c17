import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { engineVersions, tensorflowFolder, type TensorflowVariant } from '@covpool/engines/node';
import { CovpoolError } from '@covpool/base';
import { downloadWheel, type Pinned, unpackFromNpm } from './download.ts';
import { placeFolder } from './place.ts';
import { run } from './run.ts';

const who = 'engines:tensorflow';

const wheels: Record<TensorflowVariant, Pinned> = {
  cpu: {
    package: `tensorflow-cpu==${engineVersions.tensorflow}`,
    sha256: '810c75d7149d2da0cb2092187817b0dcabb80728ca9f9cf3a61f3f42fadd1298',
  },
  gpu: {
    package: `tensorflow==${engineVersions.tensorflow}`,
    sha256: 'c9f87e5d2a680a4595f5dc30daf6bbaec9d4129b46d7ef1b2af63c46ac7d2828',
  },
};
const tfjsNode: Pinned = {
  package: `@tensorflow/tfjs-node@${engineVersions.tfjsNode}`,
  sha256: 'd38a448a705efc6e655a080f896b3af646ae39dffbfe9c90b06cb9fc3a2b9358',
};
const protobuf: Pinned = {
  package: 'google-protobuf@3.21.4',
  sha256: '38299bb1802ce06900ea2e43650aded8393cd6a00012ed97ffc716eeab1e1091',
};
const nodeHeaders: Pinned = {
  package: 'node-api-headers@1.9.0',
  sha256: '6cbfac49542194ae2c8f1dee5fa2dc00d66bec9cbf3b59e3a4e5f16d14eb0d19',
};

/** Takes from the wheel, a zip, what the addon is compiled against and linked with. */
const unzip = `
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
wanted = ('tensorflow/include/', 'tensorflow/libtensorflow_cc.', 'tensorflow/libtensorflow_framework.')
wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(wanted)])
`;

/** What came of providing an engine: where it is, and whether it was made now. */
export interface Provided {
  folder: string;
  made: boolean;
}

/**
 * Sees that TensorFlow's engine is in its cache.
 *
 * @throws unsupported where a compiler, Python or a registry is missing; bad-input for an archive with another checksum
 */
export async function provideTensorflow(variant: TensorflowVariant): Promise<Provided> {
  const folder = tensorflowFolder(variant)!;
  return { folder, made: await placeFolder(folder, (draft) => buildTensorflow(draft, variant)) };
}

/**
 * Builds in an empty folder what the engine loads: the backend of tfjs-node, its addon, and TensorFlow's library from the
 * wheel. The package's install script, which would download an old library from elsewhere, does not run.
 */
async function buildTensorflow(folder: string, variant: TensorflowVariant): Promise<void> {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') {
    throw new CovpoolError(
      'unsupported',
      `${who}: x86-64 Linux is required, got ${arch} ${platform}; use wasm or webgpu`,
    );
  }
  await run(who, ['g++', '--version'], 'install a C++ compiler (Debian: apt-get install g++)');
  const scraps = join(folder, 'scraps');
  const wheel = await downloadWheel(who, wheels[variant], join(scraps, 'wheel'));
  await run(who, ['python3', '-c', unzip, wheel, scraps], 'install Python 3');
  const library = join(scraps, 'tensorflow');
  const source = await unpackFromNpm(who, tfjsNode, join(scraps, 'tfjs-node'));
  for (const part of ['dist', 'package.json']) await rename(join(source, part), join(folder, part));
  await placeModules(folder, scraps);
  await mkdir(join(folder, 'deps/lib'), { recursive: true });
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    await rename(join(library, name), join(folder, 'deps/lib', name));
  }
  await mkdir(join(folder, 'lib/napi-v8'), { recursive: true });
  await run(
    who,
    [
      ...['g++', '-O2', '-shared', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'],
      ...['-I', source, '-I', await headers(scraps), '-I', join(library, 'include')],
      ...[join(source, 'binding/tfjs_backend.cc'), join(source, 'binding/tfjs_binding.cc')],
      ...['-o', join(folder, 'lib/napi-v8/tfjs_binding.node'), '-L', join(folder, 'deps/lib')],
      ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ],
    'a compiler for C++17 is needed',
  );
  await rm(scraps, { recursive: true });
}

/** What the backend's files ask for: the message classes, and an empty module that the engine fills with its TensorFlow.js. */
async function placeModules(folder: string, scraps: string): Promise<void> {
  const scope = join(folder, 'node_modules/@tensorflow');
  await mkdir(scope, { recursive: true });
  await writeFile(join(scope, 'tfjs.js'), 'module.exports = {};\n');
  await writeFile(join(scope, 'tfjs-core.js'), "module.exports = require('./tfjs.js');\n");
  const messages = await unpackFromNpm(who, protobuf, join(scraps, 'protobuf'));
  await cp(messages, join(folder, 'node_modules/google-protobuf'), { recursive: true });
}

/** Node's own headers where they are installed. They are C and stable, so any version's will do. */
async function headers(scraps: string): Promise<string> {
  const own = resolve(dirname(process.execPath), '../include/node');
  if (existsSync(join(own, 'node_api.h'))) return own;
  return join(await unpackFromNpm(who, nodeHeaders, join(scraps, 'headers')), 'include');
}
