export { FakeStripePortalPage as default, fakeStripePortalMetadata as metadata } from "tollgate/ui";
