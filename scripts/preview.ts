import "./preflight";
import "./provide-catalog";
import { serve } from "./serve";

await serve("preview");
