using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Tests;

/// <summary>A history written by hand, in milliseconds.</summary>
internal sealed class Story
{
    private readonly List<Event> _events = [];

    public static Promises Promises { get; } = new()
    {
        Duration = TimeSpan.FromMilliseconds(1000),
        Slack = TimeSpan.FromMilliseconds(10),
        DrainLimit = TimeSpan.FromMilliseconds(2000),
    };

    /// <summary>Somebody asks at one moment, has it from another, and gives it back at a third; what it is promised ends with that.</summary>
    public Story Lease(
        string call, double asked, double from, double until, long? token = null, string resource = "lock/a", ClaimMode mode = ClaimMode.Exclusive, int limit = 1, string? claim = null, HoldEnd how = HoldEnd.Released)
    {
        Call(call, asked, from, resource: resource, mode: mode, limit: limit);
        _events.Add(new HoldBegan(Ms(from), call, token, claim ?? "id-" + call, Ms(until)));
        _events.Add(new HoldEnded(Ms(until), call, how));
        return this;
    }

    /// <summary>A lease whose holder says nothing more: it believes as long as it was promised.</summary>
    public Story Promised(string call, double from, double until, string resource = "lock/a")
    {
        Call(call, from, from, resource: resource);
        _events.Add(new HoldBegan(Ms(from), call, null, "id-" + call, Ms(until)));
        return this;
    }

    public Story Call(
        string call, double at, double? end, Outcome outcome = Outcome.Granted, double? budget = null, string resource = "lock/a", ClaimMode mode = ClaimMode.Exclusive, int limit = 1, string? error = null)
    {
        _events.Add(new CallStarted(Ms(at), call, call.Split('/')[0], Operation.Acquire, resource, mode, limit, budget is { } span ? Ms(span) : null));
        if (end is { } ended)
        {
            _events.Add(new CallEnded(Ms(ended), call, outcome, error));
        }

        return this;
    }

    public Story Queue(double at, string[] holders, string[] waiters, string resource = "lock/a", bool isFinal = false)
    {
        _events.Add(new QueueSeen(Ms(at), Ms(at + 1), resource, [.. holders.Select(Claim)], [.. waiters.Select(Claim)], isFinal));
        return this;

        static QueuedClaim Claim(string call) => new("id-" + call, call);
    }

    public Story And(Event happened)
    {
        _events.Add(happened);
        return this;
    }

    public IReadOnlyList<Violation> Check(Promises? promises = null) => Checker.Check(new History(_events), promises ?? Promises);

    /// <summary>Fails unless this rule is broken, and no other.</summary>
    public void Breaks(Rule rule, Promises? promises = null)
    {
        var violations = Check(promises);
        Assert.NotEmpty(violations);
        Assert.All(violations, violation => Assert.Equal(rule, violation.Rule));
        Assert.All(violations, static violation => Assert.NotEmpty(violation.Around));
    }

    public void Keeps(Promises? promises = null) => Assert.Empty(Check(promises));

    public static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
