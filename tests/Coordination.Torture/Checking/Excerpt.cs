using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>The shortest history that shows something: what happened to those who take part, and what went wrong meanwhile.</summary>
internal static class Excerpt
{
    private const int Most = 60;

    public static IReadOnlyList<Event> Of(History history, IReadOnlyCollection<string> calls, params IReadOnlyList<Event> more)
    {
        var own = history.Events.Where(happened => IsOf(happened, calls)).Concat(more).Distinct().ToArray();
        if (own.Length == 0)
        {
            return [];
        }

        var (from, until) = (own.Min(static happened => happened.At), own.Max(static happened => happened.At));
        var clients = calls.Select(call => history.FindCall(call)?.Started.Client).ToHashSet();
        var faults = history.Faults.Where(fault => fault.At <= until && fault.Until >= from);
        var deaths = history.Events.OfType<ClientDied>().Where(died => clients.Contains(died.Client));
        var all = own.Concat(faults).Concat(deaths).Distinct().OrderBy(static happened => happened.At).ToArray();
        return Shorten(all);
    }

    // "Still held" is told every few milliseconds: only the last word of each counts.
    private static Event[] Shorten(Event[] events)
    {
        var last = events.OfType<HoldSeen>().GroupBy(static seen => seen.Hold).Select(static group => group.Last()).ToHashSet();
        var shorter = events.Where(happened => happened is not HoldSeen seen || last.Contains(seen)).ToArray();
        return shorter.Length <= Most ? shorter : [.. shorter[..(Most / 2)], .. shorter[^(Most / 2)..]];
    }

    private static bool IsOf(Event happened, IReadOnlyCollection<string> calls) => happened switch
    {
        CallStarted call => calls.Contains(call.Call),
        CallCancelled call => calls.Contains(call.Call),
        CallEnded call => calls.Contains(call.Call),
        HoldBegan hold => calls.Contains(hold.Hold),
        HoldSeen hold => calls.Contains(hold.Hold),
        HoldEnded hold => calls.Contains(hold.Hold),
        RegisterWritten write => calls.Contains(write.Hold),
        _ => false,
    };
}
