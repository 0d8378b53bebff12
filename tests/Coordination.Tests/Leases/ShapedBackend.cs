using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>The in-memory backend with answers bent into the shapes that other stores give, and a driver's manners: what is disposed throws.</summary>
internal sealed class ShapedBackend(InMemoryBackend inner) : ICoordinationBackend
{
    public BackendDescription Description { get; init; } = inner.Description;

    /// <summary>Answers a claim itself, or throws, or returns <see langword="null"/> to let it pass.</summary>
    public Func<ClaimRequest, ClaimResult?>? OnClaim { get; set; }

    public Func<ClaimResult, ClaimResult> Claimed { get; set; } = static result => result;

    public Func<IReadOnlyList<ClaimKey>, RenewalResult, RenewalResult> Renewed { get; set; } = static (_, result) => result;

    public Func<ClaimKey, Exception?>? OnRelease { get; set; }

    public Func<TimeSpan?> Maintained { get; set; } = static () => null;

    public Exception? EndFault { get; set; }

    public SessionRequest? LastOpened { get; private set; }

    public bool IsDisposed { get; private set; }

    public int Claims { get; private set; }

    public int Renewals { get; private set; }

    public int Maintenances { get; private set; }

    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        LastOpened = request;
        return new ShapedSession(this, await inner.OpenSessionAsync(request, listener, cancellationToken));
    }

    public ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken) =>
        inner.InspectAsync(resource, holdersOnly, cancellationToken);

    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken) =>
        inner.WatchAsync(resource, changed, cancellationToken);

    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken)
    {
        Maintenances++;
        return ValueTask.FromResult(Maintained());
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return inner.DisposeAsync();
    }

    private sealed class ShapedSession(ShapedBackend backend, IBackendSession inner) : IBackendSession
    {
        private bool _isDisposed;

        public TimeSpan Duration => inner.Duration;


        public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
        {
            backend.Claims++;
            if (backend.OnClaim?.Invoke(request) is { } answer)
            {
                return answer;
            }

            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return backend.Claimed(await inner.ClaimAsync(request, cancellationToken));
        }

        public ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return backend.OnRelease?.Invoke(claim) is { } fault
                ? ValueTask.FromException<bool>(fault)
                : inner.ReleaseAsync(claim, cancellationToken);
        }

        public ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken) =>
            inner.SetValueAsync(claim, value, cancellationToken);

        public async ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            backend.Renewals++;
            return backend.Renewed(claims, await inner.RenewAsync(claims, cancellationToken));
        }

        public ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken) => inner.DetachAsync(claim, cancellationToken);

        public ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken) =>
            backend.EndFault is { } fault ? ValueTask.FromException(fault) : inner.EndAsync(claims, cancellationToken);

        public ValueTask DisposeAsync()
        {
            _isDisposed = true;
            return inner.DisposeAsync();
        }
    }
}
