using System.Collections.Concurrent;

namespace Coordination.Etcd;

/// <summary>Gives each request a token that is cancelled after the call timeout, or with the caller's. The sources are reused: a request is on the hot path.</summary>
/// <param name="timeout">How long one member may take to answer.</param>
internal sealed class EtcdCallLimit(TimeSpan timeout)
{
    private const int MaxPooled = 64;

    private readonly ConcurrentQueue<CancellationTokenSource> _pool = new();

    /// <summary>How long one member may take to answer.</summary>
    public TimeSpan Timeout { get; } = timeout;

    /// <summary>Begins a request.</summary>
    /// <param name="caller">The caller's token.</param>
    /// <returns>To be disposed when the request is over.</returns>
    public Scope Begin(CancellationToken caller)
    {
        if (!_pool.TryDequeue(out var source))
        {
            source = new CancellationTokenSource();
        }

#pragma warning disable RS0030 // A time-out of the driver's own I/O, over a real network: it goes by the system's clock.
        source.CancelAfter(Timeout);
#pragma warning restore RS0030
        return new Scope(this, source, caller);
    }

    private void Return(CancellationTokenSource source)
    {
        if (_pool.Count < MaxPooled && source.TryReset())
        {
            _pool.Enqueue(source);
        }
        else
        {
            source.Dispose();
        }
    }

    /// <summary>One request under its limit.</summary>
    internal readonly struct Scope : IDisposable
    {
        private readonly EtcdCallLimit _owner;
        private readonly CancellationTokenSource _source;
        private readonly CancellationTokenRegistration _registration;

        public Scope(EtcdCallLimit owner, CancellationTokenSource source, CancellationToken caller)
        {
            _owner = owner;
            _source = source;
            _registration = caller.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
        }

        public CancellationToken Token => _source.Token;

        public void Dispose()
        {
            // Waits for a callback under way, so that the source is not cancelled after it went back to the pool.
            _registration.Dispose();
            _owner.Return(_source);
        }
    }
}
