using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Torture.Simulation;

/// <summary>The client counts on more than it was granted.</summary>
internal sealed class LateDeadlineBug(SimulatedWorld world) : SeededBug(world)
{
    public override TimeSpan Duration(TimeSpan granted, TimeSpan took) => granted * 1.5;

    public override TimeSpan Remaining(TimeSpan remaining, TimeSpan took) => remaining * 1.5;
}

/// <summary>The client counts from when it heard, not from when it asked: however long the answer took, it is not missed.</summary>
internal sealed class ArrivalBug(SimulatedWorld world) : SeededBug(world)
{
    // Where answers are quick the margin hides it.
    public override InMemoryFault? Provoke(InMemoryRequest request) => request.Operation is InMemoryOperation.Renew or InMemoryOperation.OpenSession
        ? InMemoryFault.DelayReply(World.DelayAsync(TimeSpan.FromMilliseconds(World.Random.Next(120, 245))))
        : null;

    public override TimeSpan Duration(TimeSpan granted, TimeSpan took) => granted + took;

    public override TimeSpan Remaining(TimeSpan remaining, TimeSpan took) => remaining + took;
}

/// <summary>The last token is forgotten now and then, and counting begins again.</summary>
internal sealed class TokenBug(SimulatedWorld world) : SeededBug(world)
{
    private readonly Dictionary<long, long> _told = [];
    private long _last;

    public override FencingToken Token(string claimId, FencingToken token)
    {
        if (token.Value == 0 || _told.TryGetValue(token.Value, out var known))
        {
            return token.Value == 0 ? token : new FencingToken(_told[token.Value]);
        }

        _last = World.Random.Next(50) == 0 ? 1 : _last + 1;
        _told[token.Value] = _last;
        return new FencingToken(_last);
    }
}

/// <summary>Now and then one who waits is told that it is granted.</summary>
internal sealed class DoubleGrantBug(SimulatedWorld world) : SeededBug(world)
{
    private FencingToken _last;

    public override FencingToken Token(string claimId, FencingToken token) => _last = token > _last ? token : _last;

    public override ClaimResult Claimed(BuggySession session, ClaimRequest request, ClaimResult result) =>
        result.Outcome == ClaimOutcome.Waiting && World.Random.Next(40) == 0 ? ClaimResult.Granted(new FencingToken(_last.Value + 1)) : result;
}

/// <summary>Claims of the dead are not purged.</summary>
internal sealed class PurgeBug(SimulatedWorld world) : SeededBug(world)
{
    public override void Opened(BuggySession session) => World.After(session.Inner.Duration / 4, () => Keep(session));

    private void Keep(BuggySession session)
    {
        if (session.Client.IsDead)
        {
            session.Client.Connection.OnRequest = null;
            session.Client.Connection.Reconnect();
            _ = session.Inner.RenewAsync([], CancellationToken.None);
        }

        World.After(session.Inner.Duration / 4, () => Keep(session));
    }
}

/// <summary>The message of an old grant comes late, and is believed of a claim that waits.</summary>
internal sealed class GhostBug(SimulatedWorld world) : SeededBug(world)
{
    private readonly Dictionary<string, FencingToken> _old = new(StringComparer.Ordinal);

    public override ClaimResult Claimed(BuggySession session, ClaimRequest request, ClaimResult result)
    {
        var resource = request.Key.Resource;
        if (result.Outcome == ClaimOutcome.Granted)
        {
            _old[resource] = result.Token;
        }
        else if (result.Outcome == ClaimOutcome.Waiting && _old.TryGetValue(resource, out var token) && World.Random.Next(20) == 0)
        {
            World.After(TimeSpan.FromMilliseconds(World.Random.Next(20)), () => session.Listener.OnGranted(request.Key.Id, token));
        }

        return result;
    }
}

/// <summary>The late release of an attempt frees the next attempt of the same owner.</summary>
internal sealed class OwnerBug(SimulatedWorld world) : SeededBug(world)
{
    public override void Released(BuggySession session, ClaimKey claim)
    {
        if (World.Random.Next(8) == 0)
        {
            World.After(TimeSpan.FromMilliseconds(World.Random.Next(400)), () =>
            {
                if (session.Current.TryGetValue(claim.Resource, out var current) && !session.Client.IsStopped)
                {
                    _ = session.Inner.ReleaseAsync(current, CancellationToken.None);
                }
            });
        }
    }
}
