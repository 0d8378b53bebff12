using System.Diagnostics.Metrics;
using Coordination.Backends;
using Coordination.Diagnostics;
using Coordination.Elections;
using Coordination.Leases;
using Coordination.Locks;
using Coordination.Semaphores;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordination;

/// <summary>
/// The engine over one backend. Make one per process and backend, and dispose it at the end: that fires <see cref="ILease.Lost"/> of the leases that are
/// still held, ends the sessions at the server, so that others get their turn at once, and disposes the backend.
/// </summary>
public sealed class Coordinator : ICoordinator, IAsyncDisposable, IDisposable
{
    private readonly Engine _engine;

    /// <summary>Makes a coordinator. Nothing is sent before the first claim.</summary>
    /// <param name="backend">The backend, which the coordinator owns from now on.</param>
    /// <param name="options">The settings, read once; <see langword="null"/> for the defaults.</param>
    /// <param name="timeProvider">The clock and the timers; <see langword="null"/> for the system's.</param>
    /// <param name="loggerFactory">Where to log, under the category <c>Coordination</c>; <see langword="null"/> for nowhere.</param>
    /// <param name="meterFactory">Who makes the meter <c>Coordination</c>; <see langword="null"/> for a meter of its own.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Coordinator(
        ICoordinationBackend backend,
        CoordinatorOptions? options = null,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        options ??= new CoordinatorOptions();
        var failures = CoordinatorOptionsValidator.Check(options, backend.Description);
        if (failures.Count > 0)
        {
            throw new ArgumentException(string.Join(" ", failures), nameof(options));
        }

        var logger = (ILogger?)loggerFactory?.CreateLogger("Coordination") ?? NullLogger.Instance;
        _engine = new Engine(
            backend,
            options.Copy(),
            timeProvider ?? TimeProvider.System,
            new CoordinationLog(logger),
            new CoordinationTelemetry(backend.Description.Name, meterFactory, options.TagMetricsWithResource));
    }

    internal Engine Engine => _engine;

    /// <inheritdoc/>
    public IDistributedLock CreateLock(string name, LeaseOptions? options = null) =>
        new DistributedLock(Source(name, ClaimMode.Exclusive, 1, options, Primitive.Lock));

    /// <inheritdoc/>
    public IDistributedReaderWriterLock CreateReaderWriterLock(string name, LeaseOptions? options = null) =>
        new DistributedReaderWriterLock(
            new DistributedLock(Source(name, ClaimMode.Shared, 1, options, Primitive.ReadLock)),
            new DistributedLock(Source(name, ClaimMode.Exclusive, 1, options, Primitive.WriteLock)));

    /// <inheritdoc/>
    public IDistributedSemaphore CreateSemaphore(string name, int maxCount, LeaseOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCount, 1);
        return new DistributedSemaphore(Source(name, ClaimMode.Counted, maxCount, options, Primitive.Semaphore));
    }

    /// <inheritdoc/>
    public ILeaderElection CreateLeaderElection(string name, LeaseOptions? options = null) =>
        new LeaderElection(_engine, Template(name, ClaimMode.Exclusive, 1, options, Primitive.Election));

    /// <inheritdoc/>
    public async ValueTask<ResourceStatus> InspectAsync(string name, CancellationToken cancellationToken = default)
    {
        ResourceName.Check(name);
        var snapshot = await _engine.AskAsync(
            "inspect", name, (backend, token) => backend.InspectAsync(name, holdersOnly: false, token), cancellationToken).ConfigureAwait(false);
        return new ResourceStatus(name, snapshot.Holders, snapshot.Waiters);
    }

    /// <summary>
    /// Fires <see cref="ILease.Lost"/> of what is still held, ends the sessions at the server, and disposes the backend. Each step is bounded by the operation timeout.
    /// Calls that still wait end with <see cref="ObjectDisposedException"/>.
    /// </summary>
    /// <returns>A task that ends when all is done; it does not fail for a fault of the server.</returns>
    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    /// <summary>The same as <see cref="DisposeAsync"/>, which is to be preferred: this one blocks its thread meanwhile, at the longest twice the operation timeout.</summary>
    public void Dispose()
    {
        // Containers dispose synchronously when asked to, and refuse services that cannot. On the thread pool, so that no synchronization context is waited for.
        var disposal = Task.Run(() => _engine.DisposeAsync().AsTask(), CancellationToken.None);
#pragma warning disable RS0030
        disposal.Wait(_engine.Limit.Timeout * 2);
#pragma warning restore RS0030
    }

    private LeaseSource Source(string name, ClaimMode mode, int limit, LeaseOptions? options, Primitive primitive) =>
        new(_engine, Template(name, mode, limit, options, primitive));

    private ClaimTemplate Template(string name, ClaimMode mode, int limit, LeaseOptions? options, Primitive primitive)
    {
        ResourceName.Check(name);
        ObjectDisposedException.ThrowIf(_engine.IsDisposed, this);
        var terms = LeaseTerms.Create(options, _engine.Options, _engine.Backend.Description);
        return new ClaimTemplate(name, mode, limit, terms.Holder, terms, primitive);
    }
}
