import {
  engine,
  getBackend,
  getGradient,
  getKernel,
  type GradConfig,
  type KernelFunc,
  type NamedTensorMap,
  registerGradient,
  registerKernel,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { sharedGlobal } from './shared-global.ts';
import { type HostCompute, hostEngines, hostForm } from './host-form.ts';

/** A TensorFlow.js kernel: an operation with a name, several outputs, a gradient, and one form per backend. */
export interface KernelDefinition<Inputs, Attributes> {
  /** The kernel's name in the registry of TensorFlow.js. */
  name: string;
  /** The operation written in TensorFlow.js's own operations. Runs on every backend that has no form of its own. */
  composed: (inputs: Inputs, attributes: Attributes) => Tensor[];
  /** The operation on the values themselves. Runs instead on engines whose memory the processor reads. */
  host?: HostCompute<Inputs, Attributes>;
  gradient?: KernelGradient<Inputs, Attributes>;
}

export interface KernelGradient<Inputs, Attributes> {
  inputs: (keyof Inputs & string)[];
  /** Which outputs the gradient needs, one flag per output; the last flag also stands for any further outputs. */
  outputs: boolean[];
  /**
   * One thunk per input, called only if that input's gradient is asked for. `saved` holds the named inputs, then the
   * flagged outputs.
   */
  compute: (dys: Tensor[], saved: Tensor[], attributes: Attributes) => { [K in keyof Inputs]: () => Tensor };
}

/** An operation of several tensors, as `defineKernel` makes it. */
export type KernelCall<Inputs, Attributes> = (inputs: Inputs, attributes: Attributes) => Tensor[];

/**
 * Makes an operation a kernel of TensorFlow.js, so that the tape, `tf.grad` and `tf.profile` treat it as one operation.
 * A special form for a backend is registered with TensorFlow.js's own `registerKernel` under the same name; on a backend
 * without one, the composed form registers itself at its first call.
 */
export function defineKernel<Inputs extends { [K in keyof Inputs]: Tensor }, Attributes extends object>(
  definition: KernelDefinition<Inputs, Attributes>,
): KernelCall<Inputs, Attributes> {
  const { composed, host } = definition;
  const onDevice: KernelFunc = ({ inputs, attrs }) =>
    tidy(() => composed(inputs as unknown as Inputs, attrs as unknown as Attributes));
  const onHost = host && hostForm(host);
  return kernelCall(definition, (call) =>
    onHost && hostEngines.includes(getBackend()) ? onHost(call) : onDevice(call),
  );
}

const composedForms = sharedGlobal('composed-forms', () => new Map<string, KernelFunc>());

/** The form of a kernel that runs on every backend: what a special form leaves to it. Undefined before the kernel is defined. */
export const composedForm = (name: string): KernelFunc | undefined => composedForms.get(name);

/** The call of a kernel that registers `kernelFunc` at the first call on a backend that has no form of its own. */
export function kernelCall<Inputs, Attributes>(
  { name, gradient }: { name: string; gradient?: KernelGradient<Inputs, Attributes> },
  kernelFunc: KernelFunc,
): KernelCall<Inputs, Attributes> {
  composedForms.set(name, kernelFunc);
  if (gradient && !getGradient(name)) registerGradient(gradientConfig(name, gradient));
  return (inputs, attributes) => {
    const backendName = getBackend();
    if (!getKernel(name, backendName)) registerKernel({ kernelName: name, backendName, kernelFunc });
    const outputs: Tensor | Tensor[] = engine().runKernel(
      name,
      inputs as unknown as NamedTensorMap,
      attributes as unknown as Parameters<ReturnType<typeof engine>['runKernel']>[2],
    );
    return Array.isArray(outputs) ? outputs : [outputs];
  };
}

/** Flags of which TensorFlow.js, which asks for them by number, finds as many as it wants. */
const lastRepeated = (flags: boolean[]): boolean[] =>
  new Proxy(flags, { get: (target, index) => target[Math.min(Number(index), target.length - 1)] });

function gradientConfig<Inputs, Attributes>(
  kernelName: string,
  gradient: KernelGradient<Inputs, Attributes>,
): GradConfig {
  return {
    kernelName,
    inputsToSave: gradient.inputs,
    outputsToSave: lastRepeated(gradient.outputs),
    gradFunc: (dy, saved, attributes) =>
      gradient.compute(Array.isArray(dy) ? dy : [dy], saved, attributes as unknown as Attributes) as Record<
        string,
        () => Tensor
      >,
  };
}
