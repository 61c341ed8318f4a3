/** Paddle's error answers. */

export interface FieldProblem {
  field: string;
  message: string;
}

/** A refused request; thrown inside a step, it leaves the state unchanged. */
export class PaddleProblem extends Error {
  override name = "PaddleProblem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldProblem[] = [],
  ) {
    super(detail);
  }

  get body() {
    const { code, detail, errors } = this;
    const documentation_url = `https://developer.paddle.com/v1/errors/${folderOf(code)}/${code}`;
    return { type: "request_error" as const, code, detail, documentation_url, ...(errors.length > 0 && { errors }) };
  }
}

const FOLDERS = ["adjustment", "customer", "discount", "price", "product", "subscription", "transaction"];

/** The folder of an error's page in Paddle's documentation. */
function folderOf(code: string): string {
  const entity = FOLDERS.find((each) => code.startsWith(`${each}_`));
  return entity === undefined ? "shared" : `${entity}s`;
}

export function invalidFields(...errors: FieldProblem[]): PaddleProblem {
  return new PaddleProblem(400, "invalid_field", "Request does not pass validation.", errors);
}

export function notFound(id: string): PaddleProblem {
  return new PaddleProblem(404, "not_found", `Entity ${id} not found`);
}

export function paymentDeclined(): PaddleProblem {
  return new PaddleProblem(400, "subscription_payment_declined", "payment declined");
}
