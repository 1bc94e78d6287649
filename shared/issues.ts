import type { z } from 'zod';

/** The first thing that a schema found wrong, as part of a sentence: `where: what`, on one line, in no program's words. */
export function issueText(error: z.ZodError): string {
  const { where, what } = firstIssue(error);
  return where ? `${where}: ${what}` : what;
}

/** Its two parts; `where` is empty when the whole is wrong. */
export function firstIssue(error: z.ZodError): { where: string; what: string } {
  const issue = error.issues[0]!;
  const where = issue.path.map(String).join('.');
  const what = issue.message
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '')
    .replace(/^Invalid input: expected .*, received undefined$/, 'this is missing')
    .replace(/^Invalid input: expected (.+), received (.+)$/, '$1 is expected here, not $2')
    .replace(/^Invalid input$/, 'this has a form that is not known')
    .replace(/^Invalid /, 'wrong ');
  return { where, what };
}
