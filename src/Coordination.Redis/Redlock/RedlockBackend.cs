using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Coordination.Backends;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Leases that a majority of independent Redis masters keeps: Redlock, with fencing tokens that strictly increase.</summary>
/// <remarks>
/// <para>
/// Each question is one script sent to all masters at once, and decided by the first majority. While up to half of the masters, less one half, are dead,
/// frozen or cut off, everything works, and nothing waits for them.
/// </para>
/// <para>
/// Exclusion rests on the rate of clocks, like that of every lease; tokens rest on no clock but once, when a set is new. docs/redlock.md has the argument, what breaks it, and what
/// operators must do.
/// </para>
/// </remarks>
public sealed class RedlockBackend : ICoordinationBackend
{
    private readonly RedlockAdmission _admission;
    private readonly Random _random;
    private readonly long[] _silentSince;
    private readonly RedisValue _longest;
    private readonly RedisValue _retention;
    private bool _disposed;

    /// <summary>Uses connections of the application's, one to each master, which are not disposed.</summary>
    /// <param name="multiplexers">The connections: an odd number, 3 or more. None may have a <see cref="ConfigurationOptions.ChannelPrefix"/>.</param>
    /// <param name="options">Prefix and times; <see langword="null"/> for the defaults. Read once.</param>
    /// <param name="loggerFactory">Where to log to; <see langword="null"/> for nowhere.</param>
    /// <exception cref="ArgumentNullException">The connections are null, or one of them is.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, there are too few connections or an even number, or one has a channel prefix.</exception>
    public RedlockBackend(IReadOnlyList<IConnectionMultiplexer> multiplexers, RedlockBackendOptions? options = null, ILoggerFactory? loggerFactory = null)
        : this(Validated(options, Checked(multiplexers).Count), loggerFactory, (database, logger) =>
            [.. multiplexers.Select(multiplexer => new RedlockMaster(NameOf(multiplexer), new RedisConnection(multiplexer, database, logger)))])
    {
    }

    private RedlockBackend(RedlockBackendOptions options, ILoggerFactory? loggerFactory, Func<int, ILogger, IReadOnlyList<IRedlockMaster>> connect)
        : this(options, LoggerOf(loggerFactory), connect(options.Database, LoggerOf(loggerFactory)), TimeProvider.System, new Random())
    {
    }

    /// <summary>Runs over masters of any kind, for tests that simulate them.</summary>
    internal RedlockBackend(RedlockBackendOptions options, ILogger logger, IReadOnlyList<IRedlockMaster> masters, TimeProvider time, Random random)
    {
        Description = new("Redlock") { IsFair = false, OrdersReaders = false, AllowsMixedClaims = false, MaxDuration = options.LongestDuration };
        _random = random;
        Logger = logger;
        Masters = masters;
        _silentSince = new long[masters.Count];
        Time = time;
        Keys = new RedlockKeys(options.KeyPrefix);
        Tokens = new RedlockTokens(time);
        Attachments = new UnansweredAttachments<string>(time);
        Owed = new RedlockOwed(this);
        Hints = new RedlockHints(this, Keys.HintsOf(NewId()));
        MasterTimeout = options.MasterTimeout;
        Longest = (long)options.LongestDuration.TotalMilliseconds;
        _longest = Longest;
        _retention = (long)options.TokenRetention.TotalMilliseconds;
        _admission = new RedlockAdmission(this);
    }

    /// <inheritdoc/>
    public BackendDescription Description { get; }

    internal ILogger Logger { get; }

    internal IReadOnlyList<IRedlockMaster> Masters { get; }

    internal TimeProvider Time { get; }

    internal RedlockKeys Keys { get; }

    internal RedlockTokens Tokens { get; }

    internal UnansweredAttachments<string> Attachments { get; }

    internal RedlockOwed Owed { get; }

    internal RedlockHints Hints { get; }

    /// <summary>Arguments of claims.</summary>
    internal RedisArguments.Pool ClaimArguments { get; } = new(keys: 1 + RedlockKeys.PerResource, values: 15);

    /// <summary>Arguments of releases of one claim.</summary>
    internal RedisArguments.Pool ReleaseArguments { get; } = new(keys: 1 + RedlockKeys.PerResource, values: 6);

    internal TimeSpan MasterTimeout { get; }

    internal long Longest { get; }

    /// <summary>A first connection takes longer than a request.</summary>
    internal TimeSpan ConnectTimeout => MasterTimeout > TimeSpan.FromSeconds(5) ? MasterTimeout : TimeSpan.FromSeconds(5);

    /// <summary>The monotonic clock.</summary>
    internal TimeSpan Now => Time.GetElapsedTime(0);

    /// <summary>Makes connections of its own, with the defaults of all options.</summary>
    /// <param name="masters">Where the masters are, each as StackExchange.Redis writes it: an odd number, 3 or more.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentException">A configuration cannot be read, or there are too few or an even number.</exception>
    public static RedlockBackend Create(params ReadOnlySpan<string> masters)
    {
        var options = new RedlockBackendOptions();
        foreach (var master in masters)
        {
            options.Masters.Add(master);
        }

        return Create(options);
    }

    /// <summary>Makes connections of its own, at the first call, and disposes them. Masters that are not there are told of by each call, not here.</summary>
    /// <param name="options">Where the masters are, and the rest. Read once.</param>
    /// <param name="loggerFactory">Where to log to; <see langword="null"/> for nowhere.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static RedlockBackend Create(RedlockBackendOptions options, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new RedlockBackend(Validated(options, given: null), loggerFactory, (database, logger) =>
            [.. options.Masters.Select(master => new RedlockMaster(NameOf(master), new RedisConnection(RedisConnection.Configure(master), database, logger)))]);
    }

    /// <inheritdoc/>
    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(listener);
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (request.Duration > Description.MaxDuration)
        {
            // The engine refuses it before. For those who do without the engine.
            throw new CoordinationException(
                $"Redlock could not open a session of {request.Duration}: {nameof(RedlockBackendOptions.LongestDuration)} is {Description.MaxDuration}, and a master that "
                + "lost its data is kept out for so long. Use shorter leases, or raise it for all clients.",
                isTransient: false);
        }

        // A session is its claims: opening one takes no round trip.
        var session = new RedlockSession(this, listener, Hints.NextSession(), request.Duration);
        if (request.Ticket is not null)
        {
            await AttachAsync(request.Ticket, session, cancellationToken).ConfigureAwait(false);
        }

        Hints.Add(session);
        return session;
    }

    /// <inheritdoc/>
    public async ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (var isAdmitted = false; ; isAdmitted = true)
        {
            var arguments = Arguments(resource, holdersOnly ? 1 : 0);
            var round = RedlockRound.Start(this, RedlockScripts.Inspect, arguments, "inspect", resource, RedlockInspection.IsDecided, cancellationToken);
            await round.WaitAsync().ConfigureAwait(false);
            if (round.CountOf(RedlockRound.State.Reply) >= round.Quorum)
            {
                return RedlockInspection.ToSnapshot(round, holdersOnly);
            }

            if (isAdmitted || round.CountOf(RedlockRound.State.Out) == 0)
            {
                throw TooFew(round, "inspect", resource);
            }

            // One who only looks has no session for which its engine would see to that.
            await _admission.MaintainAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken) =>
        Hints.WatchAsync(resource, changed, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken)
    {
        if (_disposed)
        {
            return null;
        }

        var owed = await Owed.PayAsync(cancellationToken).ConfigureAwait(false);
        var look = await _admission.MaintainAsync(cancellationToken).ConfigureAwait(false);
        return owed is { } soon && soon < look ? soon : look;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _admission.Dispose();
        await Hints.DisposeAsync().ConfigureAwait(false);
        foreach (var master in Masters)
        {
            await master.DisposeAsync().ConfigureAwait(false);
        }
    }

    internal ValueTask IntroduceAsync(string operation, string? resource, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _admission.IntroduceAsync(operation, resource, cancellationToken);
    }

    /// <summary>Whether the last thing that came of a call to a master was a fault, or no answer in its time; and not long ago, as nobody may have asked it since.</summary>
    internal bool IsSilent(int master) =>
        Volatile.Read(ref _silentSince[master]) is > 0 and var since && Now - TimeSpan.FromTicks(since) < MasterTimeout * 10;

    internal void Heard(int master, RedlockRound.State answer)
    {
        var isSilent = answer == RedlockRound.State.Fault;
        var wasSilent = Interlocked.Exchange(ref _silentSince[master], isSilent ? Math.Max(Now.Ticks, 1) : 0) > 0;
        if (wasSilent && !isSilent && Owed.Restored(master))
        {
            // A frozen one that goes on: its connection was never lost.
            Hints.AnySession?.MaintenanceDue();
        }

        if (answer == RedlockRound.State.Out)
        {
            _admission.Due();
        }
    }

    /// <summary>A master is back: it may have restarted.</summary>
    internal void Restored(int master)
    {
        Volatile.Write(ref _silentSince[master], 0);
        Owed.Restored(master);
        _admission.Due();
    }

    internal ValueTask<bool> ReachAsync() => _disposed ? default : _admission.ReachAsync();

    internal int Next(int below)
    {
        lock (_random)
        {
            return _random.Next(below);
        }
    }

    internal double NextDouble()
    {
        lock (_random)
        {
            return _random.NextDouble();
        }
    }

    // What every script of resources is given first.
    internal void Begin(RedisArguments arguments)
    {
        arguments.Keys[0] = Keys.Master;
        arguments.Values[0] = _longest;
        arguments.Values[1] = _retention;
    }

    internal RedisArguments Arguments(string resource, params ReadOnlySpan<RedisValue> values)
    {
        var arguments = new RedisArguments(1 + RedlockKeys.PerResource, 2 + values.Length);
        Begin(arguments);
        Keys.Write(resource, arguments.Keys.AsSpan(1));
        values.CopyTo(arguments.Values.AsSpan(2));
        return arguments;
    }

    /// <summary>Asks one master, within its time.</summary>
    internal async ValueTask<RedisResult> CallAsync(
        int master, RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(MasterTimeout, Time);
        using var registration = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), limit);
        try
        {
            return await Masters[master].EvaluateAsync(script, arguments, operation, resource, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CoordinationException($"The master {Masters[master].Name} did not answer within {MasterTimeout}.", isTransient: true, e);
        }
    }

    internal CoordinationException TooFew(RedlockRound round, string operation, string? resource)
    {
        var silent = new List<string>();
        for (var master = 0; master < round.Count; master++)
        {
            if (round[master] is RedlockRound.State.Fault or RedlockRound.State.Pending)
            {
                silent.Add(Masters[master].Name);
            }
        }

        var outside = round.CountOf(RedlockRound.State.Out);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{What(operation, resource)}: of {round.Count} masters {round.Quorum} are needed, {silent.Count} did not answer ({string.Join(", ", silent)}), and {outside} are not admitted.");
        if (outside > 0)
        {
            text += " " + (_admission.Problem ?? "That is looked into now; try again.");
        }

        var fault = round.Fault();
        var isTransient = fault is not CoordinationException { IsTransient: false } || outside + silent.Count < round.Quorum;
        return new CoordinationException(fault is null ? text : $"{text} One of them: {fault.Message}", isTransient, fault);
    }

    internal CoordinationException TooFew(string operation, string? resource, Exception? fault) =>
        new($"{What(operation, resource)}: a majority of {Masters.Count} masters did not answer. One of them: {fault?.Message}", isTransient: true, fault);

    private static string What(string operation, string? resource) =>
        resource is null ? $"Redlock could not {operation}" : $"Redlock could not {operation} '{resource}'";

    private static RedlockBackendOptions Validated(RedlockBackendOptions? options, int? given)
    {
        options ??= new RedlockBackendOptions();
        RedlockBackendOptionsValidator.ThrowIfInvalid(options, given);
        return options;
    }

    private static IReadOnlyList<IConnectionMultiplexer> Checked(IReadOnlyList<IConnectionMultiplexer> multiplexers)
    {
        ArgumentNullException.ThrowIfNull(multiplexers);
        foreach (var multiplexer in multiplexers)
        {
            ArgumentNullException.ThrowIfNull(multiplexer, nameof(multiplexers));
            if (multiplexer.Configuration?.Contains("channelPrefix=", StringComparison.OrdinalIgnoreCase) == true)
            {
                throw new ArgumentException(
                    "A connection has a ChannelPrefix, so wake-ups would not be heard of. Give the backend connections without one; its KeyPrefix is for channels too.",
                    nameof(multiplexers));
            }
        }

        return multiplexers.Distinct().Count() == multiplexers.Count
            ? multiplexers
            : throw new ArgumentException("A connection is given twice: masters must be independent of each other.", nameof(multiplexers));
    }

    private static ILogger LoggerOf(ILoggerFactory? factory) => (factory ?? NullLoggerFactory.Instance).CreateLogger("Coordination.Redis");

    private static string NameOf(string configuration) => configuration.Split(',')[0];

    private static string NameOf(IConnectionMultiplexer multiplexer) => string.Join('/', multiplexer.GetEndPoints().Select(static endPoint => endPoint.ToString()));

    internal static string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    private async ValueTask AttachAsync(string text, RedlockSession session, CancellationToken cancellationToken)
    {
        var ticket = RedlockTicket.Parse(text);
        await IntroduceAsync("attach", ticket.Claim.Resource, cancellationToken).ConfigureAwait(false);

        // When a reply was lost the next attempt must be known for the same one's, or the lease would be nobody's. One beside another is another's.
        var taker = new RedlockTaker(Attachments.Take(text));
        try
        {
            if (await session.AttachAsync(ticket, taker, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
        catch
        {
            Attachments.Keep(text, _ => taker.Id, Description.MaxDuration);
            throw;
        }

        throw new LeaseLostException($"The lease of '{ticket.Claim.Resource}' on Redlock had ended, or was taken over by another, before it was attached.");
    }
}
