using Coordination.Backends;

namespace Coordination.Torture.Simulation;

/// <summary>A connection on which a <see cref="SeededBug"/> has a say.</summary>
internal sealed class BuggyBackend(ICoordinationBackend inner, SeededBug bug, SimulatedClient client) : ICoordinationBackend
{
    public BackendDescription Description => inner.Description;

    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        var sent = client.World.Now;
        var told = new BuggyListener(listener, bug, client);
        var opened = await inner.OpenSessionAsync(request, told, cancellationToken);
        var session = new BuggySession(opened, bug, client, told, client.World.Now - sent);
        bug.Opened(session);
        return session;
    }

    public ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken) =>
        inner.InspectAsync(resource, holdersOnly, cancellationToken);

    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken) =>
        inner.WatchAsync(resource, changed, cancellationToken);

    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) => inner.MaintainAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Its sessions.</summary>
internal sealed class BuggySession(IBackendSession inner, SeededBug bug, SimulatedClient client, ISessionListener listener, TimeSpan took) : IBackendSession
{
    public IBackendSession Inner => inner;

    public SimulatedClient Client => client;

    public ISessionListener Listener => listener;

    /// <summary>The newest claim on each resource.</summary>
    public Dictionary<string, ClaimKey> Current { get; } = new(StringComparer.Ordinal);

    public TimeSpan Duration { get; } = bug.Duration(inner.Duration, took);

    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        Current[request.Key.Resource] = request.Key;
        var result = await inner.ClaimAsync(request, cancellationToken);
        var told = result.Outcome == ClaimOutcome.Granted ? ClaimResult.Granted(bug.Token(request.Key.Id, result.Token), result.Remaining) : result;
        return bug.Claimed(this, request, told);
    }

    public async ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        var wasThere = await inner.ReleaseAsync(claim, cancellationToken);
        bug.Released(this, claim);
        return wasThere;
    }

    public ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken) =>
        inner.SetValueAsync(claim, value, cancellationToken);

    public async ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        // A copy: the engine may use its list again before the answer is here.
        ClaimKey[] named = [.. claims];
        var sent = client.World.Now;
        var result = await inner.RenewAsync(named, cancellationToken);
        return result.IsSessionLost ? result : RenewalResult.Renewed(
            bug.Remaining(result.Remaining, client.World.Now - sent),
            [.. result.Exceptions.Select(told => told with { Token = bug.Token(named[told.Index].Id, told.Token) })]);
    }

    public ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken) => inner.DetachAsync(claim, cancellationToken);

    public ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken) => inner.EndAsync(claims, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Its hints.</summary>
internal sealed class BuggyListener(ISessionListener inner, SeededBug bug, SimulatedClient client) : ISessionListener
{
    public void OnGranted(string claimId, FencingToken token) => Tell(() => inner.OnGranted(claimId, bug.Token(claimId, token)));

    public void OnChanged(string? claimId) => Tell(() => inner.OnChanged(claimId));

    public void OnClaimLost(string claimId) => Tell(() => inner.OnClaimLost(claimId));

    public void OnSessionLost() => Tell(inner.OnSessionLost);

    public void OnMaintenanceDue() => Tell(inner.OnMaintenanceDue);

    // The dead hear nothing.
    private void Tell(Action hint)
    {
        if (!client.IsDead)
        {
            hint();
        }
    }
}
