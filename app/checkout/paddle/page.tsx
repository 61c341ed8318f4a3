export { PaddleCheckoutPage as default, paddleCheckoutMetadata as metadata } from "tollgate/ui";
