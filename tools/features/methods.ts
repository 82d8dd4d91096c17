import { attentions, type MethodEntry, normalizations, poolings } from 'covpool';

/** A registered method with the class of its layer. */
export interface Method extends MethodEntry {
  name: string;
  options: readonly string[];
  /** `covpool/<package>/<Class>` */
  className: string;
}

/** A registry of methods: what they are made from and to. */
export interface MethodKind {
  title: string;
  text: string;
  methods: Method[];
}

type Registered = MethodEntry & {
  options: readonly string[];
  create: (options: Record<string, never>) => { getClassName: () => string };
};

function methodsOf(registry: { names: () => string[]; get: (name: string) => Registered }): Method[] {
  return registry.names().map((name) => {
    const { create, ...entry } = registry.get(name);
    return { ...entry, name, className: create({}).getClassName() };
  });
}

/** Every method of every registry, in the order of registration. */
export function methodKinds(): MethodKind[] {
  return [
    {
      title: 'Poolings',
      text:
        "Features `[B,H,W,C]` or tokens `[B,N,C]` to a descriptor `[B,F]`: `pooling('isqrt', { dim: 64 })`, " +
        "or `createModel('resnet50', { pooling: 'isqrt' })`.",
      methods: methodsOf(poolings as unknown as Parameters<typeof methodsOf>[0]),
    },
    {
      title: 'Normalisations',
      text: "Matrices `[B,d,d]` to matrices: what stands between `covarianceMatrix()` and `triu()`, `normalization('isqrt')`.",
      methods: methodsOf(normalizations as unknown as Parameters<typeof methodsOf>[0]),
    },
    {
      title: 'Attentions',
      text: "Feature map to feature map, inside the blocks of a backbone: `createModel('resnet50', { attention: 'gsop' })`.",
      methods: methodsOf(attentions as unknown as Parameters<typeof methodsOf>[0]),
    },
  ];
}
