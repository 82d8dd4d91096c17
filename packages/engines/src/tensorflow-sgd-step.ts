import { composedForm } from '@covpool/core';
import { type KernelFunc, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { again, type Attribute, constant, floatType, tensorflow } from './tensorflow-operation.ts';

interface Attributes {
  lr: number;
  momentum: number;
  weightDecay: number;
}

/**
 * Below so many numbers the composed form's six launches cost less than the ten of this one. A weight of 33 million numbers takes
 * 9 passes over memory here against 15 there, and no new memory.
 */
const FEWEST = 2 ** 16;

/** TensorFlow's own name for a variable without one. */
const ANONYMOUS = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

/** The optimiser's step that overwrites the weight and the velocity, by TensorFlow's operations on variables. */
export const sgdStep: KernelFunc = (call) => {
  const composed = composedForm('SgdStep');
  const { weight, gradient, velocity } = call.inputs as NamedTensorInfoMap & Record<string, TensorInfo>;
  const attributes = call.attrs as unknown as Attributes;
  if (composed && !suits([weight!, velocity!], attributes)) return composed(call);
  inPlace(weight!, gradient!, velocity!, attributes);
  return [again(weight!), again(velocity!)];
};

/** Whether there is much to do, and nobody else uses the numbers to overwrite. */
function suits(overwritten: TensorInfo[], { momentum }: Attributes): boolean {
  const alone = overwritten.every(({ dataId }) => tensorflow().refCount(dataId) === 1);
  return alone && momentum > 0 && util.sizeFromShape(overwritten[0]!.shape) >= FEWEST;
}

/** v ← v + (weightDecay/momentum)·w, then v ← momentum·v + g and w ← w − lr·v in one operation. */
function inPlace(weight: TensorInfo, gradient: TensorInfo, velocity: TensorInfo, attributes: Attributes): void {
  const { binding } = tensorflow();
  const { lr, momentum, weightDecay } = attributes;
  const type = [floatType()];
  const scalars = tensorflow().getInputTensorIds(
    [-weightDecay / momentum, lr, momentum].map((value) => constant(Float32Array.of(value), [])),
  ) as [number, number, number];
  const [w, v] = [variableOf(weight), variableOf(velocity)];
  const values = read(w);
  run('ResourceApplyGradientDescent', type, [v, scalars[0], values]);
  binding.deleteTensor(values);
  const [g] = tensorflow().getInputTensorIds([gradient]) as [number];
  run('ResourceApplyMomentum', type, [w, v, scalars[1], g, scalars[2]]);
  giveBack(w, weight);
  giveBack(v, velocity);
}

const run = (name: string, attributes: Attribute[], inputs: number[]): void =>
  void tensorflow().binding.executeOp(name, attributes, inputs, 0);

const only = (name: string, attributes: Attribute[], inputs: number[]): number =>
  tensorflow().binding.executeOp(name, attributes, inputs, 1)[0]!.id;

const ofFloats = (): Attribute[] => [floatType('dtype')];

const read = (variable: number): number => only('ReadVariableOp', ofFloats(), [variable]);

/** A variable that takes a tensor's numbers over, as they lie: the tensor has none until they are given back. */
function variableOf(x: TensorInfo): number {
  const { binding } = tensorflow();
  const attributes = [
    ...ofFloats(),
    { name: 'shape', type: binding.TF_ATTR_SHAPE, value: x.shape },
    { name: 'shared_name', type: binding.TF_ATTR_STRING, value: ANONYMOUS },
  ];
  const variable = only('VarHandleOp', attributes, []);
  const [id] = tensorflow().getInputTensorIds([x]) as [number];
  run('AssignVariableOp', ofFloats(), [variable, id]);
  binding.deleteTensor(id);
  return variable;
}

function giveBack(variable: number, x: TensorInfo): void {
  tensorflow().tensorMap.get(x.dataId).id = read(variable);
  run('DestroyResourceOp', [], [variable]);
  tensorflow().binding.deleteTensor(variable);
}
