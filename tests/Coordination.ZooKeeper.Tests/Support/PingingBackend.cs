using Coordination.Backends;

namespace Coordination.ZooKeeper.Tests.Support;

/// <summary>
/// A backend with a bug: its renewals do not go to the leader, but are what the server at hand answers by itself, as it does pings. All else is as it should be, the rule of the deadline too.
/// </summary>
internal sealed class PingingBackend(ZooKeeperBackend inner) : ICoordinationBackend
{
    public BackendDescription Description => inner.Description;

    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken) =>
        new PingingSession((ZooKeeperSession)await inner.OpenSessionAsync(request, listener, cancellationToken));

    public ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken) =>
        inner.InspectAsync(resource, holdersOnly, cancellationToken);

    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken) =>
        inner.WatchAsync(resource, changed, cancellationToken);

    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) => inner.MaintainAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class PingingSession(ZooKeeperSession inner) : IBackendSession
    {
        public TimeSpan Duration => inner.Duration;

        public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) => inner.ClaimAsync(request, cancellationToken);

        public ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken) => inner.ReleaseAsync(claim, cancellationToken);

        public ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken) =>
            inner.SetValueAsync(claim, value, cancellationToken);

        public async ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
        {
            await inner.Client.ExistsAsync("/", cancellationToken: cancellationToken);
            return RenewalResult.Renewed(Duration, []);
        }

        public ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken) => inner.DetachAsync(claim, cancellationToken);

        public ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken) => inner.EndAsync(claims, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
