using Coordination.Backends;

namespace Coordination.Torture.Real;

/// <summary>A backend that outlives its coordinator.</summary>
internal sealed class Undisposed(ICoordinationBackend inner) : ICoordinationBackend
{
    public BackendDescription Description => inner.Description;

    public ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken) =>
        inner.OpenSessionAsync(request, listener, cancellationToken);

    public ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken) =>
        inner.InspectAsync(resource, holdersOnly, cancellationToken);

    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken) =>
        inner.WatchAsync(resource, changed, cancellationToken);

    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) => inner.MaintainAsync(cancellationToken);

    public ValueTask DisposeAsync() => default;
}
