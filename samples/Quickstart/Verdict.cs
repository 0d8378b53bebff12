namespace Quickstart;

/// <summary>What the referee found.</summary>
internal sealed record Verdict(
    IReadOnlyList<Span> Locks,
    IReadOnlyList<Span> Permits,
    IReadOnlyList<Span> Terms,
    int MostPermits,
    int Overlaps,
    TimeSpan? TakeOver,
    TimeSpan? HandOver,
    int Lost,
    IReadOnlyList<string> Broken)
{
    public IEnumerable<string> Lines(TimeSpan lasted, IReadOnlyList<string> failures)
    {
        yield return "Summary";
        yield return $"  lock         {Locks.Count} acquisitions, tokens {TokensOf(Locks)}";
        yield return $"  semaphore    {Permits.Count} permits, at most {MostPermits} of {Setting.MaxPermits} at once";
        yield return $"  election     {Terms.Count} terms, tokens {TokensOf(Terms)}";
        yield return $"  take-over    {Milliseconds(TakeOver)} after the leader fell silent (its lease: {Setting.LeaseDuration.TotalMilliseconds:N0} ms)";
        yield return $"  hand-over    {Milliseconds(HandOver)} from a leader that resigned";
        yield return $"  lost leases  {Lost}";
        yield return $"  overlaps     {Overlaps}";
        foreach (var what in Broken)
        {
            yield return $"BROKEN: {what}";
        }

        foreach (var failure in failures)
        {
            yield return $"FAILED: {failure}";
        }

        yield return Broken.Count + failures.Count == 0
            ? $"PASSED in {lasted.TotalSeconds:0.0} s: every guarantee held."
            : $"NOT PASSED: {Broken.Count} guarantees broken, {failures.Count} failures, in {lasted.TotalSeconds:0.0} s.";
    }

    private static string TokensOf(IReadOnlyList<Span> spans) => spans.Count == 0 ? "none" : $"{spans[0].Token} to {spans[^1].Token}";

    private static string Milliseconds(TimeSpan? time) => time switch
    {
        null => "none",
        { TotalMilliseconds: < 10 } short_ => $"{short_.TotalMilliseconds:0.0} ms",
        { } some => $"{some.TotalMilliseconds:N0} ms",
    };
}
