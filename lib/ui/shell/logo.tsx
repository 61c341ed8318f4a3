/** The mark: two posts and a lifted barrier. */
export function Logo() {
  return (
    <span className="inline-flex items-center gap-2 font-semibold tracking-tight">
      <svg viewBox="0 0 24 24" className="size-6" aria-hidden="true">
        <rect width="24" height="24" rx="6" className="fill-accent" />
        <path
          d="M7.5 18V9.5M7.5 11.5 17.5 6.5M17.5 18v-5"
          className="stroke-on-accent"
          strokeWidth="2"
          strokeLinecap="round"
          fill="none"
        />
      </svg>
      Tollgate
    </span>
  );
}
