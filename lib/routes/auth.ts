/** Sign-in, sign-up and sign-out by the providers that have no pages of their own. */
import { answer } from "@/lib/http";
import { confirm, showConfirmation, signIn, signInLocally, signOut, signOutLocally, signUp } from "@/lib/identity";

export function askConfirmation(request: Request) {
  return answer(() => showConfirmation(request));
}

export function confirmPassword(request: Request) {
  return answer(() => confirm(request));
}

export function signInLocal(request: Request) {
  return answer(() => signInLocally(request));
}

export function signOutLocal(request: Request) {
  return answer(async () => signOutLocally(request));
}

export function signInWithPassword(request: Request) {
  return answer(() => signIn(request));
}

export function endOwnSession(request: Request) {
  return answer(() => signOut(request));
}

export function createAccount(request: Request) {
  return answer(() => signUp(request));
}
