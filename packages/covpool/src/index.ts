/** Global covariance pooling for TensorFlow.js: its packages under one name, every pooling and backbone registered. */
export * from '@covpool/backbones';
export * from '@covpool/base';
export * from '@covpool/checkpoints';
export * from '@covpool/core';
export * from '@covpool/covariance';
export * from '@covpool/covariance/layers';
export * from '@covpool/dropcov';
export * from '@covpool/dropcov/layers';
export * from '@covpool/engines';
export * from '@covpool/idccp';
export * from '@covpool/idccp/layers';
export * from '@covpool/gsop';
export * from '@covpool/gsop/layers';
export * from '@covpool/matrix-power';
export * from '@covpool/matrix-power/layers';
export * from '@covpool/metrics';
export * from '@covpool/trainers';
