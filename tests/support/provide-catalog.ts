/** Tests of the engine use Acme's catalog. Tests of the app, the documents and the commands use the reference one. */
import { expect } from "vitest";
import { provideConfig } from "@/lib/config/current-catalog";
import reference from "@/tollgate.config";
import acme from "./acme/catalog";

const ENGINE = /\/(lib|tests\/conformance)\//;

const { testPath = "" } = expect.getState();
provideConfig(ENGINE.test(testPath.slice(process.cwd().length)) ? acme : reference);
