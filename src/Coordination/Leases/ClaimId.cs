using System.Buffers.Text;
using System.Security.Cryptography;

namespace Coordination.Leases;

/// <summary>Makes claim ids: 128 random bits as 22 characters that need no escaping in any store.</summary>
internal static class ClaimId
{
    private const int Size = 16;
    private const int PerRefill = 64;

    // The system's generator is asked for many at a time: a call costs some microseconds, whether for 16 bytes or for 1024.
    [ThreadStatic]
    private static byte[]? _random;

    [ThreadStatic]
    private static int _used;

    public static string New()
    {
        var random = _random;
        if (random is null || _used == random.Length)
        {
            _random = random = RandomNumberGenerator.GetBytes(Size * PerRefill);
            _used = 0;
        }

        var id = string.Create(22, random.AsSpan(_used, Size), static (span, bytes) => Base64Url.EncodeToChars(bytes, span));
        _used += Size;
        return id;
    }
}
