/** Operators that only rearrange a row, so what is before them is the same answer. */
export const PLAIN = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout', 'Cast']);

/** Operators that take some of the values, or lay them otherwise. */
export const TAKERS = new Set([...PLAIN, 'Gather', 'Slice', 'Split', 'Transpose', 'Expand']);

/** Operators that end a classifier, and what they put out. */
export const FINAL: Record<string, 'softmax' | 'log-softmax' | 'sigmoid'> = {
  Softmax: 'softmax',
  LogSoftmax: 'log-softmax',
  Sigmoid: 'sigmoid',
};

/** What names say that are of classes. */
export const SAYS_CLASSES = /logit|prob|score|softmax|class|label|pred/i;
/** What names say of rows that stand beside classes. */
export const SAYS_OTHER = /feat|embed|hidden|pool|token|aux/i;
/** What names say that are not of classes. */
export const NO_CLASSES = /embed|feat|hidden|landmark|keypoint|\bkps?\b|box|coord|dist|energy|loss|latent|code|descriptor/i;
