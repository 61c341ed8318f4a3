/** Compares the schema of a request's parameters with the SDK's type, at compile time. */
import { z } from "zod";

type Elements<List> = List extends readonly (infer Element)[] ? Element : never;
/** The objects of a union, without texts and lists. */
type Objects<T> = T extends readonly unknown[] | string | number | boolean | null | undefined ? never : T;
type Names<T> = T extends unknown ? keyof T : never;
type At<T, Name> = T extends unknown ? (Name extends keyof T ? T[Name] : never) : never;
type RequiredNames<T> = { [Name in keyof T]-?: undefined extends T[Name] ? never : Name }[keyof T];

/**
 * The names and values of a parsed parameter that the SDK's type lacks; never if there are none. A text without an enum
 * fits all texts, and a record fits all hashes.
 */
type Unfit<Parsed, Sdk> = Parsed extends undefined | null | ""
  ? never
  : Parsed extends readonly unknown[]
    ? Unfit<Elements<Parsed>, Elements<Sdk>>
    : Parsed extends object
      ? string extends keyof Parsed
        ? never
        : UnfitNames<Parsed, Objects<Sdk>>
      : UnfitValue<Parsed, Sdk>;
type UnfitNames<Parsed, Sdk> = {
  [Name in keyof Parsed]-?: Name extends Names<Sdk> ? Unfit<Parsed[Name], At<Sdk, Name>> : Name;
}[keyof Parsed];
type UnfitValue<Parsed, Sdk> = Parsed extends string
  ? UnfitText<Parsed, Extract<Sdk, string>>
  : Parsed extends Sdk
    ? never
    : Parsed;
type UnfitText<Parsed extends string, Sdk extends string> = [Sdk] extends [never]
  ? Parsed
  : string extends Parsed
    ? never
    : [Listed<Sdk>] extends [never]
      ? never
      : Exclude<Parsed, Listed<Sdk>>;
/** The values of an enum. The SDK's enums also contain all texts, as `OtherString`. */
type Listed<Text> = Text extends string ? (string extends Text ? never : Text) : never;

/** A parameter's schema, or the reason why it does not fit the SDK's type. */
type Fitting<Schema, Sdk, Name extends keyof Sdk> = [Unfit<z.output<Schema>, Sdk[Name]>] extends [never]
  ? Name extends RequiredNames<Sdk>
    ? undefined extends z.input<Schema>
      ? "is required"
      : unknown
    : unknown
  : { unfit: Unfit<z.output<Schema>, Sdk[Name]> };

/**
 * The parameters of a request, as the SDK's type for the pinned version describes them. These are compile errors: a name
 * at any depth or a value of an enum that Stripe removed, and a parameter that Stripe requires and the schema does not.
 * The schema refuses all other parameters as unknown.
 */
export function paramsOf<Sdk>() {
  return <Shape extends z.ZodRawShape>(
    shape: Shape & {
      [Name in keyof Shape]: Name extends keyof Sdk ? Fitting<Shape[Name], Sdk, Name> : never;
    } & { [Name in RequiredNames<Sdk>]: z.ZodType },
  ) => z.strictObject<Shape>(shape);
}
