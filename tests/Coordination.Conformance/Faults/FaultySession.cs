using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>A session of a <see cref="FaultyBackend"/>.</summary>
internal sealed class FaultySession(FaultyBackend backend, IBackendSession inner) : IBackendSession
{
    /// <summary>The session of the backend under test.</summary>
    public IBackendSession Inner => inner;

    public TimeSpan Duration => inner.Duration;

    public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        backend.RunAsync(Call.Claim, token => inner.ClaimAsync(request, token), cancellationToken);

    public ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken) =>
        backend.RunAsync(Call.Release, token => inner.ReleaseAsync(claim, token), cancellationToken);

    public ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken) =>
        backend.RunAsync(Call.SetValue, token => inner.SetValueAsync(claim, value, token), cancellationToken);

    public ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        // A copy: the engine may use its list again while a held request is still under way.
        ClaimKey[] copy = [.. claims];
        return backend.RunAsync(Call.Renew, token => inner.RenewAsync(copy, token), cancellationToken);
    }

    public ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken) =>
        backend.RunAsync(Call.Detach, token => inner.DetachAsync(claim, token), cancellationToken);

    public async ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        ClaimKey[] copy = [.. claims];
        await backend.RunAsync(
            Call.End,
            async token =>
            {
                await inner.EndAsync(copy, token);
                return true;
            },
            cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Passes hints on as the backend's <see cref="FaultyBackend.Hints"/> says.</summary>
internal sealed class FaultyListener(FaultyBackend backend, ISessionListener inner) : ISessionListener
{
    public void OnGranted(string claimId, FencingToken token) => backend.Hint(() => inner.OnGranted(claimId, token));

    public void OnChanged(string? claimId) => backend.Hint(() => inner.OnChanged(claimId));

    public void OnClaimLost(string claimId) => backend.Hint(() => inner.OnClaimLost(claimId));

    public void OnSessionLost() => backend.Hint(inner.OnSessionLost);

    public void OnMaintenanceDue() => backend.Hint(inner.OnMaintenanceDue);
}
