import { CovpoolError } from '@covpool/base';
import { getBackend, getKernel, type Tensor } from '@tensorflow/tfjs-core';
import { kernelCall, type KernelCall, type KernelGradient } from './define-kernel.ts';
import { type HostCompute, hostEngines, hostForm, type SpecialCompute } from './host-form.ts';

/** A kernel that is computed by the processor, in what precision it likes. */
export interface HostKernelDefinition<Inputs, Attributes> {
  /** The kernel's name in the registry of TensorFlow.js. */
  name: string;
  /** Who is asking, for the error on an engine that has no host memory. */
  who: string;
  /** The outputs from the inputs' values, which it must not change. */
  compute: HostCompute<Inputs, Attributes>;
  /** The outputs by routines of the engine, from the tensors where they are, for the calls that these can do. */
  special?: SpecialCompute<Inputs, Attributes>;
  gradient?: KernelGradient<Inputs, Attributes>;
}

/**
 * Makes an operation that the processor computes, in float64 if need be, a kernel of TensorFlow.js like those of
 * `defineKernel`. It runs on the engines that keep tensors where the processor reads them.
 *
 * The call throws `unsupported` on other engines, unless one has a form of its own under the same name.
 */
export function defineHostKernel<Inputs extends { [K in keyof Inputs]: Tensor }, Attributes extends object>(
  definition: HostKernelDefinition<Inputs, Attributes>,
): KernelCall<Inputs, Attributes> {
  const { name, who, compute, special } = definition;
  const call = kernelCall(definition, hostForm(compute, special));
  return (inputs, attributes) => {
    if (!hostEngines.includes(getBackend()) && !getKernel(name, getBackend())) {
      throw new CovpoolError(
        'unsupported',
        `${who}: an engine with host memory is required (${hostEngines.join(', ')}), got ${getBackend()}; ` +
          'choose one with useEngine',
      );
    }
    return call(inputs, attributes);
  };
}
