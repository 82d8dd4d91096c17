export const paper = 'Gao, Xie, Wang & Li, Global Second-order Pooling Convolutional Networks, CVPR 2019';
