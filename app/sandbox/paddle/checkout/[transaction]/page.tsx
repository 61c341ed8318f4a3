export { FakePaddleCheckoutPage as default, fakePaddleCheckoutMetadata as metadata } from "tollgate/ui";
