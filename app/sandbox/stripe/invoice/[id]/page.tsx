export { FakeStripeInvoicePage as default, fakeStripeInvoiceMetadata as metadata } from "tollgate/ui";
