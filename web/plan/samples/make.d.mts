// Each makes one sample plan, always the same.
export const SAMPLES: Record<'small' | 'many' | 'hostile' | 'empty', () => object>;
