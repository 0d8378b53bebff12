using System.Buffers.Binary;
using System.Text;

namespace Coordination.ZooKeeper.Client;

/// <summary>
/// Reads what <see cref="JuteWriter"/> writes. It trusts nothing: every length is checked against what is there before anything is read or allocated, and whatever does not
/// fit is an <see cref="InvalidDataException"/>.
/// </summary>
internal ref struct JuteReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads a frame, without its length.</summary>
    public JuteReader(ReadOnlySpan<byte> frame) => _rest = frame;

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => _rest.Length;

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int), "an int"));

    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long), "a long"));

    public bool ReadBoolean() => Take(1, "a bool")[0] switch
    {
        0 => false,
        1 => true,
        var other => throw new InvalidDataException($"A bool is {other}."),
    };

    /// <summary>Reads a string that must be there.</summary>
    public string ReadString() => ReadNullableString() ?? throw new InvalidDataException("A string is null that must not be.");

    public string? ReadNullableString()
    {
        var length = ReadInt32();
        if (length == -1)
        {
            return null;
        }

        try
        {
            return StrictUtf8.Encoding.GetString(Take(length, "a string"));
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException("A string is not UTF-8.", exception);
        }
    }

    /// <summary>Reads a buffer. One that is null is taken for an empty one: a node made without data has either.</summary>
    public byte[] ReadBuffer()
    {
        var length = ReadInt32();
        return length == -1 ? [] : Take(length, "a buffer").ToArray();
    }

    /// <summary>Reads the number of items that follow. A vector that is null is taken for an empty one.</summary>
    /// <param name="itemSize">What an item takes at least: there cannot be more than fit.</param>
    public int ReadCount(int itemSize)
    {
        var count = ReadInt32();
        if (count == -1)
        {
            return 0;
        }

        return count >= 0 && count <= _rest.Length / itemSize
            ? count
            : throw new InvalidDataException($"A vector of {count} items does not fit into the {_rest.Length} bytes that are left.");
    }

    private ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length < 0 || length > _rest.Length)
        {
            throw new InvalidDataException($"Of {what} with {length} bytes there are {_rest.Length}.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
