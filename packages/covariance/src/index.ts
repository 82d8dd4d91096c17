export { covariance } from './covariance.ts';
export { asRows } from './rows.ts';
export { secondMoment } from './second-moment.ts';
export { triuMatrix, triuVectorize } from './triu.ts';
