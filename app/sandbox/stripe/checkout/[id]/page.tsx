export { FakeStripeCheckoutPage as default, fakeStripeCheckoutMetadata as metadata } from "tollgate/ui";
