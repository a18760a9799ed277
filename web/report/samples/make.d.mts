// Each makes one sample report, always the same.
export const SAMPLES: Record<'small' | 'large' | 'many' | 'hostile' | 'empty', () => object>;
