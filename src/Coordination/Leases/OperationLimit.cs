using System.Collections.Concurrent;

namespace Coordination.Leases;

/// <summary>
/// Gives each request to the backend a token that is cancelled after the operation timeout, or with the caller's. The sources are
/// reused: a request is on the hot path.
/// </summary>
internal sealed class OperationLimit(TimeProvider timeProvider, string backendName, TimeSpan timeout)
{
    private const int MaxPooled = 64;
    private readonly ConcurrentQueue<CancellationTokenSource> _pool = new();

    public TimeSpan Timeout { get; } = timeout;

    public Scope Begin(CancellationToken caller) => Begin(Timeout, caller);

    public Scope Begin(TimeSpan limit, CancellationToken caller)
    {
        limit = limit >= TimeSpan.Zero || limit == System.Threading.Timeout.InfiniteTimeSpan ? limit : TimeSpan.Zero;
        CancellationTokenSource? source = null;
        if (timeProvider == TimeProvider.System)
        {
            if (!_pool.TryDequeue(out source))
            {
                source = new CancellationTokenSource();
            }

#pragma warning disable RS0030 // The pool serves the system's clock only, which is what CancelAfter goes by.
            source.CancelAfter(limit);
#pragma warning restore RS0030
        }

        return new Scope(this, source ?? new CancellationTokenSource(limit, timeProvider), limit, caller);
    }

    private void Return(CancellationTokenSource source)
    {
        if (timeProvider == TimeProvider.System && _pool.Count < MaxPooled && source.TryReset())
        {
            _pool.Enqueue(source);
        }
        else
        {
            source.Dispose();
        }
    }

    /// <summary>One request under its limit.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly OperationLimit _owner;
        private readonly CancellationTokenSource _source;
        private readonly TimeSpan _limit;
        private readonly CancellationToken _caller;
        private readonly CancellationTokenRegistration _registration;

        internal Scope(OperationLimit owner, CancellationTokenSource source, TimeSpan limit, CancellationToken caller)
        {
            _owner = owner;
            _source = source;
            _limit = limit;
            _caller = caller;
            _registration = caller.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
        }

        public CancellationToken Token => _source.Token;

        /// <summary>Whether a cancelled request was cancelled by the time-out and not by its caller.</summary>
        public bool TimedOut => _source.IsCancellationRequested && !_caller.IsCancellationRequested;

        public CoordinationException TimeoutError(string operation, string subject, Exception inner) => new(
            $"{_owner.BackendName} did not answer '{operation}' for '{subject}' {(_limit > TimeSpan.Zero ? $"within {_limit.TotalSeconds:0.###} s" : "in time: what came before took all of it")}. "
            + "The server may be down, frozen or out of reach; the call can be made again.",
            isTransient: true,
            inner);

        public void Dispose()
        {
            // Waits for a callback under way, so that the source is not cancelled after it went back to the pool.
            _registration.Dispose();
            _owner.Return(_source);
        }
    }

    private string BackendName => backendName;
}
